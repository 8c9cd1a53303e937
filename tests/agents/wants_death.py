#!/usr/bin/env python3
"""FOLDER PATH [ATTEMPTS]: in its first ATTEMPTS asks whoever watches FOLDER to kill its runner, and waits for that.

A sandbox keeps an agent from doing so itself; the runner dies all the same, as of a power cut.
"""

import os
import sys
import time
from pathlib import Path

folder, path, attempts = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1
if int(os.environ["PIPELINE_ATTEMPT"]) <= attempts:
    (folder / f"{os.environ['PIPELINE_TASK_ID']}.{os.environ['PIPELINE_ATTEMPT']}").write_text(
        os.environ["PIPELINE_RUNNER"]
    )
    time.sleep(60)
Path(path).write_text("there is a runner again\n")
