#!/usr/bin/env python3
"""PATH: asks whether it may, at the terminal and on standard input, as programs do that want to be allowed."""

import sys
from pathlib import Path

answers = []
try:
    with open("/dev/tty", "r+") as terminal:
        answers.append(terminal.readline())
except OSError:
    answers.append("no terminal")
print("May I write the file? [y/N]", flush=True)
sys.stdin.read()  # the prompt, where it comes this way
answers.append(sys.stdin.readline() or "nobody")
Path(sys.argv[1]).write_text(f"{', '.join(answers)}\n")
