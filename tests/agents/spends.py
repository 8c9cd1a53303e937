#!/usr/bin/env python3
"""USD [FILE [TEXT]]: writes the file, with {attempt} in the text filled in, and tells what it cost."""

import json
import os
import sys
from pathlib import Path

cost, *rest = sys.argv[1:]
if rest:
    text = (rest[1] if len(rest) > 1 else "x\n").replace("{attempt}", os.environ["PIPELINE_ATTEMPT"])
    Path(rest[0].replace("{task}", os.environ["PIPELINE_TASK_ID"])).write_text(text)
print(json.dumps({"nightrun": {"usage": {"cost_usd": float(cost), "input_tokens": 1000, "output_tokens": 10}}}))
