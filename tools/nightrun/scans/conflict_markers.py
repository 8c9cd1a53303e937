"""Merge conflict markers that were left in a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from nightrun.scans import found
from nightrun.words.change import Change, Entry, ScanFinding

NAME = "conflict_markers"
# As git writes them: seven signs and a label. `=======` alone underlines a title in Markdown and RST, so it says
# nothing by itself; nor do seven signs without a label or with more signs behind them.
_MARKER = re.compile(r"(<{7}|>{7}|\|{7}) \S")
_STARTS = ("<<<<<<< ", ">>>>>>> ", "||||||| ")


def look(change: Change, settings: Any) -> list[ScanFinding]:
    same = found.moved(change)
    files = (entry for entry in found.written(change) if entry.path not in same)
    return [
        found.refuse(
            NAME, entry.path, line, f"The line begins with the conflict marker `{sign}`: resolve the conflict."
        )
        for entry in files
        for line, sign in _conflicts(entry)
    ]


def _conflicts(entry: Entry) -> Iterator[tuple[int, str]]:
    """The first marker of every conflict: from `<<<<<<<` to `>>>>>>>` is one."""
    inside = False
    for number, text in entry.added:
        if not text.startswith(_STARTS) or not _MARKER.match(text):
            continue
        if text[0] == "<" or not inside:
            yield number, text[:7]
        inside = text[0] != ">"
