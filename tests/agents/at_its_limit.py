#!/usr/bin/env python3
"""FOLDER FREE SECONDS PATH: works FREE times, is at its usage limit for SECONDS then, and works again after that.

Each of its starts is a line of FOLDER/starts: the time, and `works` or `limit`. FOLDER/resets_at: when the limit ends.
"""

import fcntl
import json
import sys
import time
from pathlib import Path

folder, free, seconds, path = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
folder.mkdir(exist_ok=True)
with (folder / "starts").open("a+") as starts:
    fcntl.flock(starts, fcntl.LOCK_EX)
    starts.seek(0)
    works = sum("works" in line for line in starts)
    known = folder / "resets_at"
    if works >= free and not known.exists():
        known.write_text(str(time.time() + seconds))
    resets_at = float(known.read_text()) if known.exists() else 0.0
    spent = time.time() < resets_at
    starts.write(f"{time.time()} {'limit' if spent else 'works'}\n")
if spent:
    print(json.dumps({"nightrun": {"error_class": "limit", "summary": "no more for now", "resets_at": resets_at}}))
    sys.exit(1)
path.write_text("written within the limit\n")
