"""Whether anything of a repository was written to: each part of it as one mark, made without touching it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from nightrun.hands import git, state_dir

# Part -> names at the top of git's folder; what is not named is of the part "git's folder".
_PARTS = {
    "refs": ("HEAD", "refs", "packed-refs", "logs", "worktrees"),
    "config": ("config", "config.worktree", "info"),
    "hooks": ("hooks",),
    "index": ("index",),
    "objects": ("objects",),
}


def of(root: Path) -> dict[str, str]:
    """Part -> a text that changes with every write to a file of it, its times included."""
    made = {name: hashlib.sha256() for name in (*_PARTS, "git's folder", "work tree", "state folder")}
    folder = git.common_dir(root)
    part_of = {name: part for part, names in _PARTS.items() for name in names}
    for path, known, changed_at in _lines(folder):
        part = part_of.get(Path(path).relative_to(folder).parts[0], "git's folder")
        # A clone that shares them by hard links changes their change time.
        made[part].update(known if part == "objects" else known + changed_at)
    for path, known, changed_at in _lines(root, leave_out=folder):
        is_state = Path(path).is_relative_to(root / state_dir.NAME)
        made["state folder" if is_state else "work tree"].update(known + changed_at)
    return {name: one.hexdigest() for name, one in made.items()}


def _lines(folder: Path, leave_out: Path | None = None) -> Iterator[tuple[str, bytes, bytes]]:
    """Each file and folder below: its path, what of it changes when somebody writes to it, and its change time."""
    waiting = [str(folder)]
    while waiting:
        for one in _entries(waiting.pop()):
            if leave_out is not None and one.path == str(leave_out):
                continue
            try:
                found = one.stat(follow_symlinks=False)
            except OSError:
                continue  # gone meanwhile: the folder's own times tell that
            known = repr((one.path, found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns))
            # Only root can set that.
            yield one.path, os.fsencode(known), str(found.st_ctime_ns).encode()
            if one.is_dir(follow_symlinks=False):
                waiting.append(one.path)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda one: one.name)
    except OSError:
        return []
