"""What of a repository makes git run programs: its settings and its hooks, as one mark (reliability.md 4.3)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from nightrun.hands import git


def mark(root: Path) -> str:
    """A text that changes when any of them changes; sections about branches are left out."""
    hashed = hashlib.sha256(git.config_mark(root).encode())
    for part in _hooks(git.hooks_dir(root)):
        hashed.update(part + b"\0")
    return hashed.hexdigest()


def _hooks(folder: Path) -> Iterator[bytes]:
    """Names and contents of the files there that git could run."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and os.access(path, os.X_OK) and path.suffix != ".sample":
            yield os.fsencode(path.name)
            yield path.read_bytes()
