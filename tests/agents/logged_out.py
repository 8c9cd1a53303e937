#!/usr/bin/env python3
"""LOGIN PATH: nobody is logged in until the file LOGIN is there; then it writes the file, or does its trial."""

import json
import os
import sys
from pathlib import Path

login, path = Path(sys.argv[1]), sys.argv[2]
if not login.exists():
    print(json.dumps({"nightrun": {"error_class": "auth", "summary": "the login has expired"}}))
    sys.exit(1)
if "PIPELINE_TASK_ID" in os.environ:
    Path(path).write_text("written after the login\n")
else:
    Path("nightrun-check.txt").write_text("works\n")
