"""What becomes of a task whose attempt did not complete: again after a while, or failed (DESIGN section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nightrun.words import task as words
from nightrun.words.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class Next:
    """The move of the task. `ready_at`: seconds since the epoch before which it is not claimed."""

    status: str
    costs_attempt: bool
    ready_at: float | None = None


def after(
    outcome: Outcome,
    *,
    failures: int,
    attempts: int,
    backoff: Sequence[float],
    now: float,
    blameless: bool = False,
    question: str = "",
) -> Next:
    """`failures` are those before this one, `attempts` the most there may be.

    `blameless`: the target itself fails the same check, so the attempt says nothing about the task. `question`: what
    a person is to be asked before it is tried again.
    """
    if question:
        return Next(status=words.NEEDS_DECISION, costs_attempt=outcome.costs_an_attempt and not blameless)
    wait_s = backoff[min(failures, len(backoff) - 1)]
    if not outcome.costs_an_attempt:
        return Next(status=words.PENDING, costs_attempt=False, ready_at=now)
    if blameless:
        return Next(status=words.PENDING, costs_attempt=False, ready_at=now + max(backoff))
    if failures + 1 >= attempts:
        return Next(status=words.FAILED, costs_attempt=True)
    return Next(status=words.PENDING, costs_attempt=True, ready_at=now + wait_s)
