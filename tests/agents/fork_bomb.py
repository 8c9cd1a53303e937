#!/usr/bin/env python3
"""MOST: forks like a bomb, each in a session of its own, but never more than that many processes."""

import os
import sys
import time
from contextlib import suppress

print("forking", flush=True)
for _ in range(int(sys.argv[1]) // 2):
    with suppress(OSError):
        if os.fork() == 0:
            os.setsid()
            os.fork()
            time.sleep(300)
            os._exit(0)
time.sleep(300)
