"""Two paths that differ only in case, or in the way an accent is written: on macOS and Windows they are one file.

A checkout there loses one of the two, and shows a change that nobody made.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from nightrun.scans import found, path_pattern
from nightrun.words import change as words
from nightrun.words.change import Change, ScanFinding

NAME = "case_clashes"


def look(change: Change, settings: Any) -> list[ScanFinding]:
    """What clashed before the change is not its doing."""
    new = [one.path for one in change.entries if one.status == words.ADDED]
    if not new:
        return []
    known = defaultdict(set)
    for path in (*change.paths, *new):
        known[path_pattern.plain(path)].add(path)
    clashes = ((path, sorted(known[path_pattern.plain(path)] - {path})) for path in new)
    return [found.refuse(NAME, path, None, _message(others[0])) for path, others in clashes if others]


def _message(other: str) -> str:
    return (
        f"Where upper and lower case are the same, this is the same name as `{found.quoted(other)}`: give it another "
        "name, or change that file."
    )
