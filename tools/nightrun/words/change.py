"""A change as git's objects say it, and what a scan found in it."""

from __future__ import annotations

from dataclasses import dataclass

ADDED = "A"
MODIFIED = "M"
DELETED = "D"
TYPE_CHANGED = "T"  # a file became a link, a nested repository, or the other way round

MODE_ABSENT = 0
MODE_FILE = 0o100644
MODE_PROGRAM = 0o100755
MODE_LINK = 0o120000
MODE_NESTED = 0o160000  # a commit of another repository

REFUSE = "refuse"  # the attempt fails, class `scan`
HOLD = "hold"  # the finished change does not land until a person agrees
EFFECTS = (REFUSE, HOLD)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One path of a change. A renamed file is two entries: deleted here, added there."""

    path: str  # surrogateescape for names that are no UTF-8
    status: str  # ADDED, MODIFIED, DELETED, TYPE_CHANGED
    old_mode: int
    new_mode: int
    old_id: str  # of the blob; zeros when absent
    new_id: str
    size: int  # bytes of the new blob; 0 when absent
    added: tuple[tuple[int, str], ...] = ()  # (line in the new file, text without its end); empty for binaries
    removed: tuple[tuple[int, str], ...] = ()  # (line in the old file, text without its end)
    binary: bool = False
    target: str | None = None  # where a link points
    pieces: tuple[str, ...] = ()  # readable text that is new in a binary file


@dataclass(frozen=True, kw_only=True)
class Change:
    """The difference between two trees."""

    base: str  # tree ids
    tree: str
    entries: tuple[Entry, ...]
    complete: bool = True  # False: lines of very large files were left out
    paths: frozenset[str] = frozenset()  # of the whole new tree, where the change adds one; else empty


@dataclass(frozen=True, kw_only=True)
class ScanFinding:
    """Something in a change that a person should not be surprised by in the morning."""

    scan: str
    path: str
    line: int | None  # in the new file; None: the whole file
    message: str  # one sentence; it never holds a secret
    effect: str  # REFUSE or HOLD
