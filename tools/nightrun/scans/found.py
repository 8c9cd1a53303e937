"""How a scan says what it saw, and what all scans need to know about a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nightrun.decisions import lines, secret_patterns
from nightrun.words import change as words
from nightrun.words.change import Change, Entry, ScanFinding

MOST = 20  # findings of one scan; a person acts on the first few, and a prompt has little room
MOST_QUOTED = 60  # characters of a line or a link that a message repeats


def refuse(scan: str, path: str, line: int | None, message: str) -> ScanFinding:
    return ScanFinding(scan=scan, path=path, line=line, message=message, effect=words.REFUSE)


def hold(scan: str, path: str, line: int | None, message: str) -> ScanFinding:
    return ScanFinding(scan=scan, path=path, line=line, message=message, effect=words.HOLD)


def bounded(findings: Iterable[ScanFinding]) -> list[ScanFinding]:
    """The refusals, then the rest; what is over MOST becomes one finding that says how many there are."""
    ordered = sorted(findings, key=lambda one: one.effect != words.REFUSE)
    shown, rest = ordered[:MOST], ordered[MOST:]
    if rest:
        first = rest[0]
        message = f"and {len(rest)} more findings of this scan, this file being the first of them."
        shown.append(
            ScanFinding(scan=first.scan, path=first.path, line=first.line, message=message, effect=first.effect)
        )
    return shown


def quoted(text: str) -> str:
    """A piece of the change as a message may repeat it: short, on one line, and without a secret in it."""
    return lines.safe(secret_patterns.hidden(text), MOST_QUOTED)


def written(change: Change) -> Iterator[Entry]:
    """The entries that leave an ordinary file behind."""
    return (one for one in change.entries if one.new_mode in (words.MODE_FILE, words.MODE_PROGRAM))


def moved(change: Change) -> frozenset[str]:
    """Paths whose whole content stood under another name before: nothing in them is new."""
    gone = {one.old_id for one in change.entries if one.status == words.DELETED}
    return frozenset(one.path for one in change.entries if one.status == words.ADDED and one.new_id in gone)
