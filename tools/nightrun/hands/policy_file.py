"""The only reader of `pipeline.yaml`: the file in the project root, as a person edits it."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from nightrun.policy import reading, template, yaml_tree
from nightrun.policy.model import Policy
from nightrun.policy.reading import Problem
from nightrun.words.errors import BadPolicy

NAME = "pipeline.yaml"
_OTHER_NAMES = ("pipeline.yml", ".pipeline.yaml", "nightrun.yaml")


def find(root: Path) -> Path:
    """Where the policy of the project lies; BadPolicy when there is none."""
    path = root / NAME
    if path.exists():
        return path
    for other in _OTHER_NAMES:
        if (root / other).is_file():
            raise BadPolicy(f"There is a {other} in {root}, but no {NAME}.", hint=f"Rename it: mv {other} {NAME}")
    raise BadPolicy(f"There is no {NAME} in {root}.", hint="Make one that fits the project: nightrun adopt")


def load(root: Path) -> Policy:
    """The policy of the project; BadPolicy with every problem when it is not usable."""
    return load_file(find(root), NAME)


def load_file(path: Path, where: str | None = None) -> Policy:
    """The policy in any file; `where` is the name that problems are reported with."""
    name = where or str(path)
    found = read_file(path, name)
    if isinstance(found, Policy):
        return found
    count = "one problem" if len(found) == 1 else f"{len(found)} problems"
    raise BadPolicy(
        f"{name} has {count}.",
        [str(problem) for problem in found],
        hint="Correct the file; `nightrun policy check` tells whether it is good.",
    )


def read_file(path: Path, where: str) -> Policy | list[Problem]:
    """The policy in any file, or its problems; BadPolicy when it cannot be read at all."""
    return reading.read(_text(path, where), where)


def with_fresh_comments(root: Path) -> str:
    """The project's policy with the comments and defaults of this version around the values it has."""
    path = find(root)
    load_file(path, NAME)
    old = _text(path, NAME)
    schema = re.match(r"# yaml-language-server: \$schema=(\S+)\n", old)
    return template.text(yaml_tree.parse(old).value, schema[1] if schema else None)


def _text(path: Path, name: str) -> str:
    try:
        # Without O_NONBLOCK a named pipe would hold the reader until somebody writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadPolicy(f"{name} is not an ordinary file.")
            return file.read(yaml_tree.MOST_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        raise BadPolicy(f"{name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadPolicy(f"{name} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8.") from error


class Keeper:
    """The policy of a long-running part: read again when the file changes, the last good one kept."""

    problem: str | None = None  # what is wrong with the file now, one line for each problem

    def __init__(self, root: Path) -> None:
        """BadPolicy when the first reading fails: there is no good one to keep yet."""
        self._root = root
        self._mark = _mark(root / NAME)
        self._policy = load(root)

    def current(self) -> Policy:
        """The policy that counts now."""
        # The mark is taken before the text: a change in between is seen at the next call.
        mark = _mark(self._root / NAME)
        if mark != self._mark:
            self._mark = mark
            self._reload()
        return self._policy

    def _reload(self) -> None:
        try:
            self._policy = load(self._root)
        except BadPolicy as error:
            self.problem = "\n".join(error.problems or (error.message,))
        else:
            self.problem = None


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
