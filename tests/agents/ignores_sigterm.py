#!/usr/bin/env python3
"""SECONDS [PID_FILE]: goes on when it is asked to end, by whichever signal can be ignored."""

import os
import signal
import sys
import time
from pathlib import Path

for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(one, signal.SIG_IGN)
if len(sys.argv) > 2:
    Path(sys.argv[2]).write_text(str(os.getpid()))
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    time.sleep(0.1)
