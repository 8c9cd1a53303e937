"""What of a work tree is not committed: branch, state and paths from one git process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nightrun.hands import git

# A person's settings change what `status` prints, unless every flag is given (githooks.md section 8).
_FLAGS = (
    *("--porcelain=v2", "--branch", "-z", "--no-ahead-behind", "--untracked-files=all"),
    *("--ignore-submodules=dirty", "--no-renames"),
)


@dataclass(kw_only=True)
class Status:
    """Paths are relative to the top of the work tree; names that are no UTF-8 keep their bytes (surrogateescape)."""

    branch: str | None = None  # None: HEAD is detached
    head: str | None = None  # None: there is no commit yet
    changed: list[str] = field(default_factory=list)  # on disk other than in the index, new files included
    gone: list[str] = field(default_factory=list)  # in the index, not on disk
    staged: list[str] = field(default_factory=list)  # differ from HEAD in the index alone
    unmerged: list[str] = field(default_factory=list)
    nested: list[str] = field(default_factory=list)  # untracked folders that are repositories of their own

    @property
    def is_clean(self) -> bool:
        return not (self.changed or self.gone or self.staged or self.unmerged)


def look(where: Path) -> Status:
    """The whole work tree that `where` lies in; GitFailed when it lies in none."""
    found = Status()
    fields = iter(os.fsdecode(git.run(where, "status", *_FLAGS).out).split("\0"))
    for one in fields:
        _take(found, one, fields)
    return found


def _take(found: Status, one: str, rest: Iterator[str]) -> None:
    kind = one[:2]
    if kind == "# ":
        _take_header(found, one)
    elif kind == "? ":
        (found.nested if one.endswith("/") else found.changed).append(one[2:])
    elif kind == "u ":
        found.unmerged.append(one.split(" ", 10)[10])
    elif kind == "1 ":
        _take_entry(found, one[3], one.split(" ", 8)[8])
    elif kind == "2 ":  # of a git that finds renames although it was told not to
        _take_entry(found, one[3], one.split(" ", 9)[9])
        next(rest)


def _take_header(found: Status, line: str) -> None:
    _, name, value = line.split(" ", 2)
    if name == "branch.oid":
        found.head = None if value == "(initial)" else value
    elif name == "branch.head":
        found.branch = None if value == "(detached)" else value


def _take_entry(found: Status, in_work_tree: str, path: str) -> None:
    kinds = {".": found.staged, "D": found.gone}
    kinds.get(in_work_tree, found.changed).append(path)
