"""New binary files: nobody reads them in a diff, and the history keeps them for ever."""

from __future__ import annotations

from typing import Any

from nightrun.scans import found
from nightrun.scans.size import readable
from nightrun.words import change as words
from nightrun.words.change import Change, Entry, ScanFinding
from nightrun.words.quantity import size_text

NAME = "binaries"


def look(change: Change, settings: Any) -> list[ScanFinding]:
    same, limit = found.moved(change), settings.max_binary_size
    new = (one for one in found.written(change) if one.status == words.ADDED and one.path not in same)
    return [
        found.hold(
            NAME,
            one.path,
            None,
            f"This new file is {_what(one)} and has {readable(one.size)}, more than the {size_text(limit)} of "
            "`scan.max_binary_size`: look at it yourself.",
        )
        for one in new
        if one.size > limit and not one.added
    ]


def _what(entry: Entry) -> str:
    """Of a very large file the lines are not known, if it has any."""
    return "binary" if entry.binary else "binary, or too large to be read,"
