"""A task is called running, and nobody works on it any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Duration, Hold
from nightrun.words.issue import Finding

NAME = "orphan_running"
DIRECTION = ""  # a fault of runner or API
ACTION = "Look with `nightrun logs TASK`; the API puts a task back whose lease ran out. One claimed by hand: PATCH it."


class Settings(ConditionSettings):
    hold: Hold = 60.0
    lease_over: Duration = Field(
        default=60.0, description="A lease that ran out so long ago should have been put back by the API."
    )
    by_hand_after: Duration = Field(
        default=7200.0, description="A task that a person set to running by hand, without a lease, is old after this."
    )


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "running"):
        return found.unknown(NAME, settings, lacking)
    orphans = [one for one in snapshot["running"] if _is_orphan(one, settings, now)]
    if not orphans:
        return []
    message = f"nobody works on {found.count(len(orphans), 'running task')}: {found.named(orphans)}"
    evidence = {"tasks": [one["id"] for one in orphans]}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence)]


def _is_orphan(task: Mapping[str, Any], settings: Settings, now: float) -> bool:
    lease = task.get("lease_expires_at")
    if lease is not None:
        return bool(now - lease >= settings.lease_over)
    started = task.get("started_at") or task.get("updated_at")
    return started is not None and bool(now - started >= settings.by_hand_after)
