#!/usr/bin/env python3
"""CODE [TEXT]: prints the text to standard error and ends with that exit code; changes nothing."""

import sys

print(sys.argv[2] if len(sys.argv) > 2 else "it did not work", file=sys.stderr)
sys.exit(int(sys.argv[1]))
