#!/usr/bin/env python3
"""SECONDS PATH TEXT: says that it works, waits, then writes the file."""

import sys
import time
from pathlib import Path

print("working", flush=True)
time.sleep(float(sys.argv[1]))
Path(sys.argv[2]).write_text(sys.argv[3])
