"""A change that takes away much more than it adds (reliability.md C4): a person should want that.

Only lines count: those of binary and of very large files are not known. A file under another name takes nothing away.
"""

from __future__ import annotations

from typing import Any

from nightrun.decisions.lines import count
from nightrun.scans import found
from nightrun.words import change as words
from nightrun.words.change import Change, ScanFinding

NAME = "destructive"
MOST_LINES = 50  # taken away, whatever is added
MOST_TIMES = 3  # as many as are added


def look(change: Change, settings: Any) -> list[ScanFinding]:
    same = found.moved(change)
    kept = {one.new_id for one in change.entries if one.path in same}
    entries = [
        one
        for one in change.entries
        if one.path not in same and not (one.status == words.DELETED and one.old_id in kept)
    ]
    removed, added = sum(len(one.removed) for one in entries), sum(len(one.added) for one in entries)
    if removed <= MOST_LINES or removed <= MOST_TIMES * added:
        return []
    most = max(entries, key=lambda one: len(one.removed))
    gone = sum(1 for one in entries if one.status == words.DELETED)
    files = f", and {count(gone, 'file')} with them" if gone else ""
    message = (
        f"The change takes away {count(removed, 'line')}{files}, and adds {added}; most of them were in this file."
    )
    return [found.hold(NAME, most.path, None, message)]
