"""A change of too many files, or too large ones (reliability.md C4)."""

from __future__ import annotations

from typing import Any

from nightrun.decisions.lines import count
from nightrun.scans import found
from nightrun.words.change import Change, ScanFinding
from nightrun.words.quantity import size_text

NAME = "size"


def look(change: Change, settings: Any) -> list[ScanFinding]:
    return [*_too_many(change, settings.max_files), *_too_large(change, settings), *_too_much(change, settings)]


def _too_many(change: Change, most: int) -> list[ScanFinding]:
    """A file that only has another name now counts once."""
    number = len(change.entries) - len(found.moved(change))
    if number <= most:
        return []
    first = change.entries[0].path
    message = f"The change touches {count(number, 'file')}, more than the {most} of `scan.max_files`: make it smaller."
    return [found.refuse(NAME, first, None, message)]


def _too_large(change: Change, settings: Any) -> list[ScanFinding]:
    limit = settings.max_file_size
    return [
        found.refuse(
            NAME,
            entry.path,
            None,
            f"The file has {readable(entry.size)}, more than the {size_text(limit)} of `scan.max_file_size`: "
            "leave it out or ignore it.",
        )
        for entry in found.written(change)
        if entry.size > limit and entry.old_id != entry.new_id
    ]


def _too_much(change: Change, settings: Any) -> list[ScanFinding]:
    same, limit = found.moved(change), settings.max_total_size
    files = [one for one in found.written(change) if one.path not in same and one.old_id != one.new_id]
    total = sum(one.size for one in files)
    if total <= limit:
        return []
    largest = max(files, key=lambda one: one.size)
    message = (
        f"The files of the change have {readable(total)} together, more than the {size_text(limit)} of "
        "`scan.max_total_size`; this one is the largest."
    )
    return [found.refuse(NAME, largest.path, None, message)]


def readable(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"
