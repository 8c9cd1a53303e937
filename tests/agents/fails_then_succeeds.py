#!/usr/bin/env python3
"""FOLDER FAILURES PATH TEXT: fails so many times for each task, then writes the file.

The attempts are counted in the folder, which is outside of the worktree, in a file for each task; `{task}` in PATH
stands for the task's id.
"""

import os
import sys
from pathlib import Path

task = os.environ.get("PIPELINE_TASK_ID", "task")
counted = Path(sys.argv[1]) / task
number = int(counted.read_text()) + 1 if counted.exists() else 1
counted.write_text(str(number))
if number <= int(sys.argv[2]):
    print(f"attempt {number} fails", file=sys.stderr)
    sys.exit(1)
Path(sys.argv[3].replace("{task}", task)).write_text(sys.argv[4])
print(f"attempt {number} succeeds")
