#!/usr/bin/env python3
"""FOLDER NAMES: adds its task to the one line of the file NAMES, as others do at the same time.

It waits until a second one has begun, so that both start from the same commit. With nothing but its own prompt to go
by, it must keep what is there already. FOLDER holds the prompt of each attempt.
"""

import os
import sys
import time
from pathlib import Path

meet, names, task = Path(sys.argv[1]), Path(sys.argv[2]), os.environ["PIPELINE_TASK_ID"]
(meet / f"{task}.{os.environ['PIPELINE_ATTEMPT']}").write_text(sys.stdin.read())
end = time.monotonic() + 30
while len({one.name.partition(".")[0] for one in meet.iterdir()}) < 2 and time.monotonic() < end:
    time.sleep(0.02)
names.write_text(names.read_text().rstrip("\n") + " " + task + "\n")
