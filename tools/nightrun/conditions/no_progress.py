"""Much is tried and nothing comes of it: attempts end without a completed task, or tasks without a commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import A_DAY, ConditionSettings, Count, Duration, OverAfter
from nightrun.decisions import statistics
from nightrun.words.issue import Finding
from nightrun.words.outcome import TASK_FAULTS
from nightrun.words.task import COMMIT_NONE, COMPLETED

NAME = "no_progress"
DIRECTION = ""  # more work is no answer to work without a result
ACTION = "Read `nightrun report`: the items may be too large, too vague, or done already."
COMMITTING = ("spec", "impl", "test")  # types whose success should leave a commit

Task = Mapping[str, Any]


class Settings(ConditionSettings):
    over_after: OverAfter = A_DAY
    at_least: Count = Field(default=10, description="So many attempts, or completed tasks, must have ended to judge.")
    within: Duration = Field(default=21_600.0, description="How far back they count.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "attempts", "finished"):
        return found.unknown(NAME, settings, lacking)
    completed = [
        one
        for one in statistics.counted(snapshot["finished"])
        if one["status"] == COMPLETED and now - one["finished_at"] <= settings.within
    ]
    return _nothing_completed(snapshot["attempts"], completed, settings, now) or _nothing_committed(
        completed, settings, bool(snapshot.get("auto_commit"))
    )


def _nothing_completed(
    attempts: Sequence[Task], completed: Sequence[Task], settings: Settings, now: float
) -> list[Finding]:
    ended = [
        one
        for one in attempts
        if one.get("error_class") in TASK_FAULTS
        and one["task_type"] != "heal"
        and now - one["ended_at"] <= settings.within
    ]
    if completed or not 0 < settings.at_least <= len(ended):
        return []
    span = found.span(settings.within)
    message = f"{len(ended)} attempts ended in the last {span} and no task was completed"
    evidence = {"tasks": sorted({one["task_id"] for one in ended}), "last_at": ended[0]["ended_at"]}
    return [found.firing(NAME, settings, message, ACTION, fingerprint="completed", evidence=evidence)]


def _nothing_committed(completed: Sequence[Task], settings: Settings, auto_commit: bool) -> list[Finding]:
    should = [one for one in completed if one["task_type"] in COMMITTING]
    empty = [one for one in should if one.get("commit_state") == COMMIT_NONE]
    if not auto_commit or len(empty) < len(should) or not 0 < settings.at_least <= len(empty):
        return []
    message = f"{len(empty)} tasks were completed in the last {found.span(settings.within)} and none left a commit"
    evidence = {"tasks": [one["id"] for one in empty], "last_at": empty[0]["finished_at"]}
    return [found.firing(NAME, settings, message, ACTION, fingerprint="committed", evidence=evidence)]
