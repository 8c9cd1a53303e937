#!/usr/bin/env python3
"""MEBIBYTES: children of its own hold that much memory together, a step at a time, until they are ended."""

import os
import sys
import time

CHILDREN = 3
each = int(sys.argv[1]) // CHILDREN
for _ in range(CHILDREN):
    if os.fork() == 0:
        held = []
        for _ in range(each):
            held.append(os.urandom(1 << 16) * 16)
            time.sleep(0.002)
        time.sleep(300)
        os._exit(0)
print("hungry", flush=True)
time.sleep(300)
