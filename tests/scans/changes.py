"""Changes as the scans get them, made from what stood in the files before and after."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping

from nightrun.policy.model import Scan
from nightrun.words.change import MODE_FILE, MODE_LINK, MODE_NESTED, Change, Entry, ScanFinding

SETTINGS = Scan()
NOBODY = "0" * 40


def change(before: Mapping[str, str], after: Mapping[str, str]) -> Change:
    """The difference between two sets of files."""
    paths = [path for path in sorted({*before, *after}) if before.get(path) != after.get(path)]
    return of(*(_entry(path, before.get(path), after.get(path)) for path in paths))


def adds(text: str, path: str = "src/app.py") -> Change:
    return change({}, {path: text})


def of(*entries: Entry) -> Change:
    return Change(base="1" * 40, tree="2" * 40, entries=entries)


def link(path: str, target: str | None) -> Entry:
    return _entry(path, None, "", new_mode=MODE_LINK, target=target)


def nested(path: str, old_mode: int = 0) -> Entry:
    return _entry(path, None, "x", new_mode=MODE_NESTED, old_mode=old_mode, added=(), size=0)


def lines(findings: list[ScanFinding]) -> list[tuple[str, int | None]]:
    return [(one.path, one.line) for one in findings]


def entry(path: str, **more: object) -> Entry:
    """An added file of one line, but for what is said otherwise."""
    return _entry(path, None, "x\n", **more)


def _entry(path: str, old: str | None, new: str | None, **more: object) -> Entry:
    removed, added = _difference(old or "", new or "")
    values: dict[str, object] = {
        "path": path,
        "status": "A" if old is None else "D" if new is None else "M",
        "old_mode": 0 if old is None else MODE_FILE,
        "new_mode": 0 if new is None else MODE_FILE,
        "old_id": _id(old),
        "new_id": _id(new),
        "size": len((new or "").encode()),
        "added": added,
        "removed": removed,
    }
    return Entry(**{**values, **more})  # type: ignore[arg-type]


def _id(text: str | None) -> str:
    return NOBODY if text is None else hashlib.sha1(text.encode()).hexdigest()


Numbered = tuple[tuple[int, str], ...]


def _difference(old: str, new: str) -> tuple[Numbered, Numbered]:
    before, after = old.splitlines(), new.splitlines()
    removed, added = list[tuple[int, str]](), list[tuple[int, str]]()
    for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            removed += [(number + 1, before[number]) for number in range(a, b)]
            added += [(number + 1, after[number]) for number in range(c, d)]
    return tuple(removed), tuple(added)
