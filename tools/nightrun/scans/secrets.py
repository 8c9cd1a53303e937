"""Keys, tokens and passwords in what a change adds; comments that ask a scanner to look away are not obeyed.

Lines are searched, what can be read in a file that git calls binary, and the names of new files.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from nightrun.decisions import secret_patterns
from nightrun.decisions.secret_patterns import SHOWN, Secret
from nightrun.scans import found
from nightrun.words import change as words
from nightrun.words.change import Change, Entry, ScanFinding

NAME = "secrets"


def look(change: Change, settings: Any) -> list[ScanFinding]:
    seen = [(entry, line, secret) for entry in change.entries for line, secret in _in_entry(entry)]
    old = _removed_text(change) if seen else ""
    return [
        *(_finding(entry, line, secret) for entry, line, secret in seen if secret.text not in old),
        *(_named(entry, secret) for entry in _new_names(change) for secret in secret_patterns.find(entry.path)),
        *_not_looked_at(change),
    ]


def _new_names(change: Change) -> Iterator[Entry]:
    return (one for one in change.entries if one.status == words.ADDED)


def _in_entry(entry: Entry) -> Iterator[tuple[int | None, Secret]]:
    for piece in entry.pieces:
        yield from ((None, secret) for secret in secret_patterns.find(piece))
    text = "\n".join(line for _, line in entry.added)
    secrets = list(secret_patterns.find(text))
    if secrets:
        starts = list(accumulate((len(line) + 1 for _, line in entry.added), initial=0))
        for secret in secrets:
            yield entry.added[bisect.bisect_right(starts, secret.start) - 1][0], secret


def _removed_text(change: Change) -> str:
    """A secret that only moves is in the history already: whoever moves it leaks nothing."""
    return "\n".join(line for entry in change.entries for _, line in entry.removed)


def _named(entry: Entry, secret: Secret) -> ScanFinding:
    message = f"The name of this file holds {secret.name}: give it another one; a real one must be replaced."
    return found.refuse(NAME, entry.path, None, message)


def _finding(entry: Entry, line: int | None, secret: Secret) -> ScanFinding:
    message = (
        f"This holds {secret.name} ({secret.text[:SHOWN]}...): take it out and read it from the environment; "
        "a real one must be replaced, since it was written to the disk."
    )
    return found.refuse(NAME, entry.path, line, message)


def _not_looked_at(change: Change) -> list[ScanFinding]:
    """Files whose lines were left out because they are very large."""
    if change.complete:
        return []
    message = "The file is too large to be searched for secrets: look at it yourself."
    return [found.hold(NAME, entry.path, None, message) for entry in found.written(change) if _is_unread(entry)]


def _is_unread(entry: Entry) -> bool:
    changed = entry.size > 0 and entry.old_id != entry.new_id
    return changed and not (entry.binary or entry.added or entry.removed) and entry.status != words.DELETED
