"""Attempts that come to the same change with the same result again: no progress, and not tried for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.decisions import fingerprint
from nightrun.words.outcome import TASK_FAULTS, Outcome

MOST = 2  # attempts in a row without progress


def step(before: object, outcome: Outcome, *, change: str | None, failures: int) -> dict[str, Any] | None:
    """What is kept of this attempt for the next one: its change, its result, and how many were the same in a row.

    `change` is the same for the same new files, also on a target that moved in between.
    `before` is what was kept of the attempt before, which counts no more after a person's answer: it sets `failures`
    (those before this one) to 0. Faults of the environment say nothing and keep what there is.
    """
    if outcome.kind not in TASK_FAULTS or change is None:
        return dict(before) if isinstance(before, Mapping) and outcome.kind not in TASK_FAULTS else None
    result = f"{outcome.kind}: {fingerprint.clean(outcome.summary)}"
    same = (
        failures > 0
        and isinstance(before, Mapping)
        and (before.get("change"), before.get("result")) == (change, result)
    )
    count = before.get("same") if isinstance(before, Mapping) else 0
    return {"change": change, "result": result, "same": (count if type(count) is int else 0) + 1 if same else 0}


def question(kept: Mapping[str, Any] | None, outcome: Outcome) -> str:
    """What to ask a person instead of trying once more; empty while it may go on."""
    if kept is None or outcome.kind not in TASK_FAULTS or kept["same"] < MOST:
        return ""
    return (
        f"{kept['same'] + 1} attempts in a row came to the same files and the same result: {outcome.summary}. Another"
        " try would do so again; what shall be different?"
    )
