"""The end of a log file as text, and the beginning of a file that a program wrote."""

from __future__ import annotations

import os
from pathlib import Path


def text(path: Path, most_bytes: int) -> str:
    """Empty when there is no such file. Bytes that are no UTF-8 are replaced."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - most_bytes))
            return file.read(most_bytes).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def beginning(path: Path, most_bytes: int) -> str:
    """Empty when there is no such file, or none that can be read."""
    try:
        with path.open("rb") as file:
            return file.read(most_bytes).decode("utf-8", "replace")
    except OSError:
        return ""


def lines(path: Path, count: int) -> list[str]:
    return text(path, 64 << 10).splitlines()[-count:]
