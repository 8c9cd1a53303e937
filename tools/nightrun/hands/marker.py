"""The mark that processes of a repository's attempts carry in their environment, so that leftovers can be found."""

from __future__ import annotations

import hashlib
from pathlib import Path


def of_root(root: Path) -> str:
    """What the mark of every attempt in this repository starts with; no other repository's does."""
    return f"{hashlib.sha256(str(root.resolve()).encode()).hexdigest()[:12]}:"


def of_attempt(root: Path, task_id: str, attempt: int) -> str:
    return f"{of_root(root)}{task_id}.{attempt}"
