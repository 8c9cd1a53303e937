"""A file that holds some of the disk: given up when the disk is full, so that what happened can be recorded (D12)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from nightrun.hands import clock

NAME = "ballast"
SIZE = 32 << 20
ROOM = 8  # so many times its size is free where one is kept


def keep(folder: Path, size: int = SIZE) -> bool:
    """Whether it is there now. Nothing is taken from a disk that is short already."""
    path = folder / NAME
    if path.exists():
        return True
    if not folder.is_dir() or clock.disk_free(folder) < ROOM * size:
        return False
    try:
        _fill(path, size)
    except OSError:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return False
    return True


def drop(folder: Path) -> bool:
    """Give it back; whether there was one."""
    try:
        (folder / NAME).unlink()
    except OSError:
        return False
    return True


def _fill(path: Path, size: int) -> None:
    """Blocks of its own, not a hole."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:  # macOS
            os.write(descriptor, os.urandom(size))
    finally:
        os.close(descriptor)
