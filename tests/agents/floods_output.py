#!/usr/bin/env python3
"""MEBIBYTES: prints that much to standard output and as much to standard error, in long and in short lines."""

import sys

for _ in range(int(sys.argv[1])):
    for stream in (sys.stdout, sys.stderr):
        stream.write("y\n" * (1 << 18) + "x" * (1 << 19))
        stream.flush()
