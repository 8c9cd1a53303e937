"""What a fault of the environment pauses, and until when: the agent it is about, or intake (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightrun.decisions import fingerprint
from nightrun.words.outcome import ENVIRONMENT_FAULTS, Outcome

INTAKE = "intake"
MINUTE = 60.0
AFTER_RESET_S = 3.0  # a limit that is said to end now may take a moment more
# A reset that is said to be over, and is not: `resets 3:12pm` may be 3:12:59.
AGAIN_S = MINUTE
LIMIT_PROBE_S = 15 * MINUTE  # when the agent did not say when its limit ends (agents.md section 6)
LONGEST_PROBE_S = 60 * MINUTE
FIRST_WAIT_S = {"network": MINUTE, "disk": 5 * MINUTE}
STOP_S = 5 * MINUTE  # of intake, after the same fault of the machine twice in a row
LONGEST_WAIT_S = 30 * MINUTE


@dataclass(frozen=True, kw_only=True)
class Pause:
    """`until` in seconds since the epoch; None: until a person resumes."""

    scope: str
    reason: str
    until: float | None


def of(outcome: Outcome, agent: str, *, in_a_row: int, now: float) -> Pause | None:
    """`in_a_row` counts this fault and those of its class right before it, from 1."""
    grown = 2.0 ** min(in_a_row - 1, 10)
    said = f"{outcome.kind}: {outcome.summary}" if outcome.summary else outcome.kind
    if outcome.kind == "limit":
        probe = now + min(LONGEST_PROBE_S, LIMIT_PROBE_S * grown)
        until = _reset(outcome.resets_at, now) if outcome.resets_at is not None else probe
        return Pause(scope=f"agent:{agent}", reason=said, until=until)
    if outcome.kind in ("auth", "setup"):
        repair = f"repair it; it ends when `nightrun agents check {agent}` passes, or by `make resume`"
        return Pause(scope=f"agent:{agent}", reason=f"{said} ({repair})", until=None)
    if outcome.kind in FIRST_WAIT_S:
        wait = min(LONGEST_WAIT_S, FIRST_WAIT_S[outcome.kind] * grown)
        return Pause(scope=INTAKE, reason=said, until=now + wait)
    return None


def of_intake(outcome: Outcome, agent: str, found: Pause | None, *, same: int, now: float) -> Pause | None:
    """The same fault twice in a row stops intake: the third task would find it, too. `found`: what `of` says of it."""
    if same < 2 or outcome.kind not in ENVIRONMENT_FAULTS or (found is not None and found.scope == INTAKE):
        return None
    grown = min(LONGEST_WAIT_S, STOP_S * 2.0 ** min(same - 2, 10))
    reason = f"{intake_mark(agent)} the same fault {same} times in a row: {outcome.kind}: {outcome.summary}"
    return Pause(scope=INTAKE, reason=reason, until=now + grown if found is None else found.until)


def intake_mark(agent: str) -> str:
    """How the reason of a pause of intake begins that one agent brought about."""
    return f"agent {agent} had"


def is_about(pause: Mapping[str, Any], agent: str) -> bool:
    """Whether an agent that works again is no reason for it any more."""
    scope, reason = pause["scope"], str(pause["reason"])
    return scope == f"agent:{agent}" or (scope == INTAKE and reason.startswith(f"{intake_mark(agent)} "))


def _reset(at: float, now: float) -> float:
    return at + AFTER_RESET_S if at > now else now + AGAIN_S


# -- what came before


def in_a_row(ended: Sequence[Mapping[str, Any]], outcome: Outcome, agent: str, *, began: float) -> int:
    """This fault, and those of its class right before it among the attempts of its agent.

    `ended`: attempts, newest first. Those that ran at the same time count as one: none of them could know of the other.
    """
    return 1 + sum(1 for _ in _before([one for one in ended if one["agent"] == agent], outcome, began, summary=False))


def same_in_a_row(ended: Sequence[Mapping[str, Any]], outcome: Outcome, agent: str, *, began: float) -> int:
    """The same among all attempts, for one that ends with the same words. Whatever completes ends the row."""
    if any(one["agent"] != agent and one["ended_at"] >= began for one in ended):
        return 1
    return 1 + sum(1 for _ in _before(ended, outcome, began, summary=True, agent=agent))


def _before(
    ended: Sequence[Mapping[str, Any]], outcome: Outcome, began: float, *, summary: bool, agent: str | None = None
) -> Iterator[Mapping[str, Any]]:
    said = fingerprint.clean(outcome.summary or outcome.kind)
    for one in ended:
        if one["outcome"] == "waiting":
            continue
        is_same = one["outcome"] == outcome.kind and agent in (None, one["agent"])
        if not is_same or (summary and fingerprint.clean(one["error_summary"] or "") != said):
            return
        if one["ended_at"] <= began:
            began = one["started_at"]
            yield one
