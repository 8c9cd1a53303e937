#!/usr/bin/env python3
"""[FOLDER]: makes a git repository with a commit inside the worktree."""

import subprocess
import sys
from pathlib import Path

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "vendor/lib")
folder.mkdir(parents=True)
(folder / "lib.py").write_text("x = 1\n")
who = ["-c", "user.name=Agent", "-c", "user.email=agent@example.invalid"]
subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
subprocess.run(["git", "add", "lib.py"], cwd=folder, check=True)
subprocess.run(["git", *who, "commit", "--quiet", "--no-verify", "-m", "inner"], cwd=folder, check=True)
