"""Too many tasks fail: over seven days by the Wilson bound, and sooner by the last twenty (reliability.md A3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import A_DAY, ConditionSettings, Count, Direction, Heal, OverAfter, Ratio
from nightrun.decisions import statistics
from nightrun.words.issue import Finding
from nightrun.words.task import FAILED

NAME = "low_success_rate"
DIRECTION = "Analyze 7d success rate; suggest prompt/model/meta improvements."
ACTION = "Read the failures with `nightrun report`; improve the prompt, the model or the way work is cut into tasks."


class Settings(ConditionSettings):
    over_after: OverAfter = A_DAY
    heal: Heal = True
    direction: Direction = DIRECTION
    threshold: Ratio = Field(
        default=0.70, description="Share of tasks that should be completed, as a number from 0 to 1 (0.70 is 70 %)."
    )
    clear_above: Ratio = Field(default=0.10, description="How much above the threshold the rate clears the issue.")
    at_least: Count = Field(default=5, description="Finished tasks below which the rate of seven days is not judged.")
    last: Count = Field(default=20, description="The fast rule looks at this many tasks that ended last; 0 is off.")
    last_completed: Count = Field(default=9, description="It fires when at most this many of them were completed.")
    last_clear: Count = Field(default=16, description="It clears when at least this many of them were completed.")
    in_a_row: Count = Field(default=5, description="It also fires when this many failed in a row; 0 is off.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "window", "finished"):
        return found.unknown(NAME, settings, lacking)
    window = snapshot["window"]
    week = statistics.Count(window["completed"], window["completed"] + window["failed"])
    recent = statistics.counted(snapshot["finished"])
    was_open = found.is_open(snapshot, NAME)
    reasons = [one for one in (_slow(week, settings, was_open), _fast(recent, settings, was_open)) if one]
    if reasons:
        evidence = _evidence(week, recent, settings)
        return [found.firing(NAME, settings, "; ".join(reasons), ACTION, evidence=evidence)]
    if week.total < settings.at_least:
        return found.unknown(NAME, settings, f"too few to judge ({week}, 90 % interval {statistics.interval(week)})")
    return []


def _slow(week: statistics.Count, settings: Settings, was_open: bool) -> str | None:
    if week.total < settings.at_least:
        return None
    low = statistics.wilson(week)[1] < settings.threshold
    if not low and not (was_open and week.rate < min(1.0, settings.threshold + settings.clear_above)):
        return None
    return (
        f"{week} tasks of 7 days completed, {statistics.percent(week.rate)}"
        f" (90 % interval {statistics.interval(week)}, threshold {statistics.percent(settings.threshold)})"
    )


def _fast(recent: list[Mapping[str, Any]], settings: Settings, was_open: bool) -> str | None:
    row = statistics.failures_in_a_row(recent)
    if settings.in_a_row and row >= settings.in_a_row:
        return f"the last {row} tasks failed"
    last = statistics.count(recent[: settings.last])
    if not settings.last or last.total < settings.last:
        return None
    most = settings.last_clear - 1 if was_open else settings.last_completed
    return f"{last.completed} of the last {last.total} tasks completed" if last.completed <= most else None


def _evidence(week: statistics.Count, recent: list[Mapping[str, Any]], settings: ConditionSettings) -> dict[str, Any]:
    failed = [one for one in recent if one["status"] == FAILED]
    return {
        "completed": week.completed,
        "failed": week.failed,
        "rate": round(week.rate, 4),
        "interval_90": [round(edge, 4) for edge in statistics.wilson(week)],
        "tasks": [one["id"] for one in failed[:20]],
        "last_at": max((one["finished_at"] for one in failed), default=None),
    }
