"""Results that every agent's reader makes in the same words: no result at all, a fault, a process that was ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.agents import fault
from nightrun.agents.fault import Fault
from nightrun.words.agent import EXITED, AgentEnd, AgentResult

MOST_CHARS = 300
START_CHARS = 3_000  # of what a program printed that never began to work
MOST_START_CHARS = 30_000  # one that printed more did begin, also where no event of it is whole
_REASONS = {"timeout": "it took too long", "silent": "it was silent", "stopped": "it was stopped"}


def how(end: AgentEnd) -> str:
    if end.reason != EXITED:
        return _REASONS.get(end.reason, end.reason)
    if end.code is not None and end.code < 0:
        return f"it was ended by signal {-end.code}"
    return f"exit code {end.code}"


def failed(
    found: Fault, message: str, usage: Mapping[str, Any], *, text: str = "", model: str | None = None
) -> AgentResult:
    return AgentResult(
        kind=found.kind, summary=one_line(message), text=text, usage=usage, resets_at=found.resets_at, model=model
    )


def without_result(name: str, end: AgentEnd, *, began: bool, now: float) -> AgentResult:
    """The process is over and its own result is not there."""
    said = last_line(end.output)
    began = began or len(end.output) > MOST_START_CHARS
    if not began and end.reason == EXITED and end.code is not None and end.code > 0:
        found = fault.of_start(end.output[-START_CHARS:], now=now)
        return failed(found, f"{name} did not begin to work ({how(end)}): {said}", {})
    return AgentResult(kind="agent", summary=one_line(f"{name} ended without a result ({how(end)})"))


def one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= MOST_CHARS else line[: MOST_CHARS - 1].rstrip() + "…"


def last_line(text: str) -> str:
    return one_line(next((line for line in reversed(text.splitlines()) if line.strip()), "it printed nothing"))
