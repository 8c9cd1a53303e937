"""What the repository's own checks said about one tree: the evidence that stands in the commit."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PASSED = "passed"
FAILED = "failed"
NONE = "none"  # the policy says on purpose that nothing checks this type


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One run of the gate. `commands` as a person would type them."""

    result: str  # PASSED, FAILED or NONE
    tree: str
    seconds: float = 0.0
    commands: tuple[str, ...] = ()
    problem: str = ""  # one line: which command failed and how
    output: str = ""  # the last part of what it printed
    codes: tuple[int, ...] = ()  # exit code of each command that was run to its end
    log: str = ""  # SHA-256 of what they printed, as the log files hold it, one after the other
    reused: bool = False  # the same commands had passed on the same tree before
    flaky: bool = False  # they gave two answers on the same tree

    def to_json(self) -> dict[str, Any]:
        """As the task keeps it: {"result", "seconds", "commands", "tree", "codes", "log", and marks}."""
        said: dict[str, Any] = {
            "result": self.result,
            "seconds": round(self.seconds, 2),
            "commands": list(self.commands),
            "tree": self.tree,
            "codes": list(self.codes),
            "log": self.log,
        }
        return said | {name: True for name in ("reused", "flaky") if getattr(self, name)}


def shown(commands: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(shlex.join(command) for command in commands)


def from_json(said: Mapping[str, Any] | None) -> Gate | None:
    if not said:
        return None
    return Gate(
        result=str(said.get("result", NONE)),
        tree=str(said.get("tree", "")),
        seconds=float(said.get("seconds") or 0.0),
        commands=tuple(map(str, said.get("commands") or ())),
        codes=tuple(map(int, said.get("codes") or ())),
        log=str(said.get("log") or ""),
        reused=bool(said.get("reused")),
        flaky=bool(said.get("flaky")),
    )
