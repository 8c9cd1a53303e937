#!/usr/bin/env python3
"""OUT [PROMPT | --file PROMPT_FILE]: copies the prompt byte for byte to OUT, which is outside of the worktree.

The prompt is the argument, what is in the file, or else what comes on standard input.
"""

import os
import sys
from pathlib import Path

out, given = Path(sys.argv[1]), sys.argv[2:]
if given[:1] == ["--file"]:
    prompt = Path(given[1]).read_bytes()
elif given:
    prompt = os.fsencode(given[0])
else:
    prompt = sys.stdin.buffer.read()
out.write_bytes(prompt)
print("got it")
