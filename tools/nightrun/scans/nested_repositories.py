"""Git repositories inside the change: git saves only the id of their commit, and loses their files silently.

Measured in reliability.md 4.3, G4. A bare repository among the files is no better: git run in that folder obeys its
`config`, which can name programs to run (`safe.bareRepository` in git-config).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from nightrun.scans import found
from nightrun.words import change as words
from nightrun.words.change import Change, Entry, ScanFinding

NAME = "nested_repositories"
_BARE = {"HEAD", "objects", "refs"}


def look(change: Change, settings: Any) -> list[ScanFinding]:
    nested = (entry for entry in change.entries if entry.new_mode == words.MODE_NESTED)
    return [*map(_nested, nested), *_bare(change)]


def _nested(entry: Entry) -> ScanFinding:
    """A submodule that was there before is a person's doing; which commit it should be at is theirs to say."""
    if entry.old_mode == words.MODE_NESTED:
        message = f"The submodule is at another commit now, {entry.new_id[:12]}: make sure that its remote has it."
        return found.hold(NAME, entry.path, None, message)
    message = "This folder is a git repository of its own, so its files would not be saved: delete the `.git` in it."
    return found.refuse(NAME, entry.path, None, message)


def _bare(change: Change) -> Iterator[ScanFinding]:
    inside = defaultdict(set)
    for entry in found.written(change):
        folders = entry.path.split("/")
        for depth, name in enumerate(folders):
            if name in _BARE and (name == "HEAD") == (depth == len(folders) - 1):
                inside["/".join(folders[:depth])].add(name)
    for folder, names in inside.items():
        if names == _BARE:
            message = "This folder is a bare git repository, whose settings can run programs: leave it out."
            yield found.refuse(NAME, folder or "HEAD", None, message)
