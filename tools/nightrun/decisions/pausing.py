"""What a fault of the environment pauses, and until when: the agent it is about, or intake (DESIGN section 4)."""

from __future__ import annotations

from dataclasses import dataclass

from nightrun.words.outcome import Outcome

INTAKE = "intake"
MINUTE = 60.0
AFTER_RESET_S = 60.0  # a limit that is said to end now may take a moment more
LIMIT_PROBE_S = 15 * MINUTE  # when the agent did not say when its limit ends (agents.md section 6)
LONGEST_PROBE_S = 60 * MINUTE
FIRST_WAIT_S = {"network": MINUTE, "disk": 5 * MINUTE}
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
        until = outcome.resets_at + AFTER_RESET_S if outcome.resets_at is not None else probe
        return Pause(scope=f"agent:{agent}", reason=said, until=max(until, now + AFTER_RESET_S))
    if outcome.kind in ("auth", "setup"):
        return Pause(scope=f"agent:{agent}", reason=f"{said} (repair it, then `make resume`)", until=None)
    if outcome.kind in FIRST_WAIT_S:
        wait = min(LONGEST_WAIT_S, FIRST_WAIT_S[outcome.kind] * grown)
        return Pause(scope=INTAKE, reason=said, until=now + wait)
    return None
