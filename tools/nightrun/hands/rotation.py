"""Logs of the parts stay bounded: above a size they are moved to `.1`, `.2` ... (reliability.md S9)."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from nightrun.hands import clock

LARGEST = 10 << 20  # bytes
KEPT = 5
ALL_LARGEST = 2 << 30  # of a folder of logs
OLDEST_S = 14 * 86_400.0
WRITTEN_S = 600.0  # one that was written to since then may still be open


def trim(folder: Path, *, largest: int = ALL_LARGEST, now: float | None = None) -> list[Path]:
    """Remove what is older than 14 days, then the oldest until all are no larger together; which went."""
    now = clock.now() if now is None else now
    found: list[tuple[float, int, Path]] = []
    with suppress(OSError):
        for one in os.scandir(folder):
            with suppress(OSError):
                state = one.stat(follow_symlinks=False)
                if one.is_file(follow_symlinks=False):
                    found.append((state.st_mtime, state.st_size, Path(one.path)))
    total, gone = sum(size for _, size, _ in found), []
    for written, size, path in sorted(found):
        too_old = now - written > OLDEST_S
        if now - written < WRITTEN_S or not (too_old or total > largest):
            break
        with suppress(OSError):
            path.unlink()
            gone.append(path)
            total -= size
    return gone


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
