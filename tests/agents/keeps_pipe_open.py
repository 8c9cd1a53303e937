#!/usr/bin/env python3
"""PID_FILE [SECONDS]: ends well at once, while a child of it sleeps on with the output still open."""

import os
import sys
import time
from pathlib import Path

pid = os.fork()
if pid == 0:
    time.sleep(float(sys.argv[2]) if len(sys.argv) > 2 else 300.0)
    os._exit(0)
Path(sys.argv[1]).write_text(str(pid))
print("done")
