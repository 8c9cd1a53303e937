"""What an attempt came to, from facts: how the agent ended, what it changed, what gate, scan and verdict say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nightrun.decisions import lines
from nightrun.words import gate as gates
from nightrun.words.agent import AgentEnd, AgentResult
from nightrun.words.gate import Gate
from nightrun.words.outcome import COMPLETED, ENVIRONMENT_FAULTS, NO_CHANGE, TASK_FAULTS, Outcome

OUTPUT_CHARS = 20_000
SLACK = 128 << 20  # bytes below the floor that work which was begun may still use
SLEPT_S = 30.0  # a smaller gap between the clocks is no sleep (reliability.md D10)
_BROKEN_BY_SLEEP = ("agent", "gate", "timeout", "silent")
_ENDED_BY_US = {
    "timeout": ("timeout", "the agent took longer than its time limit and was ended"),
    "silent": ("silent", "the agent printed nothing for too long and was ended"),
    "stopped": ("interrupted", "the attempt was stopped"),
    "disk": ("agent", "the disk became full while the agent worked, and it was ended"),
    "memory": ("resources", "the agent and what it started used more memory than limits.memory and were ended"),
    "processes": ("resources", "the agent started more processes than limits.processes and was ended"),
}


def of_agent(end: AgentEnd, result: AgentResult) -> Outcome:
    """How the agent ended. COMPLETED only says that nothing speaks against looking at what it did."""
    if end.reason in _ENDED_BY_US and not _is_over(end, result):
        kind, summary = _ENDED_BY_US[end.reason]
        return Outcome(kind=kind, summary=summary, output=_end(end.output), usage=result.usage)
    return Outcome(
        kind=result.kind,
        summary=result.summary,
        output=_end(end.output),
        resets_at=result.resets_at,
        usage=result.usage,
    )


def _is_over(end: AgentEnd, result: AgentResult) -> bool:
    """Whether its own result counts although we ended it: it said all and did not exit, or waits for others."""
    return end.reason == "silent" and result.kind in (COMPLETED, *ENVIRONMENT_FAULTS)


def is_full(free: int, floor: int) -> bool:
    """Whether the disk is so full that who works is ended; below the floor itself only nothing new is begun."""
    return free < floor - min(floor // 8, SLACK)


def of_disk(outcome: Outcome, *, lacking: str, before: object) -> Outcome | None:
    """A failure on a full disk is nobody's fault, unless the attempt before ended so too: then it fills the disk."""
    again = isinstance(before, Mapping) and before.get("class") == "disk"
    if outcome.kind not in TASK_FAULTS or not lacking or again:
        return None
    summary = f"when it ended, {lacking} ({outcome.kind}: {outcome.summary})"
    return replace(outcome, kind="disk", summary=summary)


def of_sleep(outcome: Outcome, *, slept_s: float) -> Outcome | None:
    """A failure of an attempt during which the machine slept is nobody's fault: connections and times were broken."""
    if outcome.kind not in _BROKEN_BY_SLEEP or slept_s < SLEPT_S:
        return None
    summary = f"the machine slept for {lines.lasting(slept_s)} meanwhile ({outcome.kind}: {outcome.summary})"
    return replace(outcome, kind="interrupted", summary=summary, passing=True)


def of_change(*, changed: bool, allowed: bool, said: str) -> Outcome | None:
    """None when it speaks for nothing else. `said`: the agent's last words, which may tell why."""
    if changed or allowed:
        return None
    return Outcome(kind=NO_CHANGE, summary=f"no file was changed{'; it said: ' + _line(said) if said.strip() else ''}")


def of_gate(gate: Gate) -> Outcome | None:
    if gate.result != gates.FAILED:
        return None
    return Outcome(kind="gate", summary=gate.problem, output=_end(gate.output))


def of_verdict(verdict: str | None, *, wanted: bool, said: str) -> Outcome | None:
    """A type that judges must say what it found; a FAIL is a completed task all the same."""
    if verdict is not None or not wanted:
        return None
    summary = "it did not end with the line VERDICT: PASS or VERDICT: FAIL"
    return Outcome(kind="agent", summary=summary, output=_end(said))


def completed(output: str, *, verdict: str | None, findings: str, usage: object) -> Outcome:
    known = dict(usage) if isinstance(usage, dict) else {}
    return Outcome(kind=COMPLETED, output=_end(output), verdict=verdict, findings=findings, usage=known)


def _end(text: str) -> str:
    return text[-OUTPUT_CHARS:]


def _line(text: str) -> str:
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    return " ".join(last.split())[:200]
