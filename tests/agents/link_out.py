#!/usr/bin/env python3
"""[TARGET]: makes a symbolic link that leaves the worktree."""

import sys
from pathlib import Path

Path("link").symlink_to(sys.argv[1] if len(sys.argv) > 1 else "/etc/passwd")
