#!/usr/bin/env python3
"""PID_FILE [SECONDS]: leaves a process behind in a session of its own, as daemons do, and ends well."""

import os
import sys
import time
from pathlib import Path

marker, seconds = Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 300.0
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    ready = marker.with_name(f"{marker.name}.new")
    ready.write_text(str(os.getpid()))
    ready.rename(marker)
    time.sleep(seconds)
    os._exit(0)
while not marker.exists():
    time.sleep(0.01)
print("started a daemon")
