"""Logs of the parts stay bounded: above a size they are moved to `.1`, `.2` ... (reliability.md S9)."""

from __future__ import annotations

import shutil
from pathlib import Path

LARGEST = 10 << 20  # bytes
KEPT = 5


def rotate(log: Path, *, largest: int = LARGEST, kept: int = KEPT) -> bool:
    """False when it is still small. The file itself stays and is emptied: its writer has it open to append."""
    try:
        if log.stat().st_size < largest:
            return False
        for number in range(kept - 1, 0, -1):
            older = _numbered(log, number)
            if older.exists():
                older.replace(_numbered(log, number + 1))
        shutil.copyfile(log, _numbered(log, 1))
        with log.open("r+b") as file:
            file.truncate(0)
    except OSError:
        return False
    return True


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
