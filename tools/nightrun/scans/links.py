"""Symbolic links that leave the tree, or lead into `.git` (reliability.md C4). Always on: no project needs one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.scans import found
from nightrun.words import change as words
from nightrun.words.change import Change, ScanFinding

NAME = "links"
MOST_STEPS = 40  # links followed before it is called a circle, as Linux does (path_resolution(7))


def look(change: Change, settings: Any) -> list[ScanFinding]:
    entries = [entry for entry in change.entries if entry.new_mode == words.MODE_LINK]
    links = {entry.path: entry.target for entry in entries if entry.target is not None}
    wrong = ((entry, _wrong(entry.path, entry.target, links)) for entry in entries)
    return [found.refuse(NAME, entry.path, None, message) for entry, message in wrong if message]


def _wrong(path: str, target: str | None, links: Mapping[str, str]) -> str | None:
    if target is None:
        return "Where this link points to is not known: make it a file."
    shown = f"The link points to `{found.quoted(target)}`"
    where = _followed(path, links)
    if where is None:
        return f"{shown}, out of the repository: make it a file, or a link to a path inside."
    if any(name.casefold() == ".git" for name in where):
        return f"{shown}, into git's own folder: make it a file."
    return None


def _followed(path: str, links: Mapping[str, str]) -> list[str] | None:
    """The names of the path that the link leads to, by way of the change's other links; None: it leaves the tree."""
    todo, done, steps = path.split("/")[::-1], list[str](), 0
    while todo:
        name = todo.pop()
        if name in ("", "."):
            continue
        if name == "..":
            if not done:
                return None
            done.pop()
            continue
        done.append(name)
        target = links.get("/".join(done))
        if target is not None and steps < MOST_STEPS:
            if target.startswith("/"):
                return None
            done.pop()
            todo += target.split("/")[::-1]
            steps += 1
    return done
