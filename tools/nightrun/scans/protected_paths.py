"""A change to what guards the repository waits for a person (reliability.md C3)."""

from __future__ import annotations

from typing import Any

from nightrun.scans import found, path_pattern
from nightrun.words import change as words
from nightrun.words.change import Change, Entry, ScanFinding

NAME = "protected_paths"
# What the runner obeys is never an agent's to change (DESIGN section 5), whatever else the policy protects.
ALWAYS = ("/pipeline.yaml",)


def look(change: Change, settings: Any) -> list[ScanFinding]:
    match = path_pattern.matcher((*settings.protected, *ALWAYS))
    pairs = ((entry, match(entry.path)) for entry in change.entries)
    return [
        found.hold(NAME, entry.path, None, f"{_what(entry)}, and the policy protects `{pattern}`: look at it yourself.")
        for entry, pattern in pairs
        if pattern is not None
    ]


def _what(entry: Entry) -> str:
    kinds = {words.MODE_LINK: "a link", words.MODE_NESTED: "another repository"}
    if entry.status == words.DELETED:
        return "This file was deleted"
    if entry.new_mode in kinds:
        return f"This became {kinds[entry.new_mode]}"
    if entry.status == words.ADDED:
        return "This file is new"
    if entry.old_id == entry.new_id:
        return "This file was made " + ("executable" if entry.new_mode == words.MODE_PROGRAM else "not executable")
    return "This file was changed"
