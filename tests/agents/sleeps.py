#!/usr/bin/env python3
"""SECONDS [PID_FILE]: prints one word, then is silent for that long."""

import os
import sys
import time
from pathlib import Path

if len(sys.argv) > 2:
    Path(sys.argv[2]).write_text(str(os.getpid()))
print("sleeping", flush=True)
time.sleep(float(sys.argv[1]))
