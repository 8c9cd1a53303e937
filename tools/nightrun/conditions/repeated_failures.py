"""Different tasks fail in the same way, or several in a row fail (reliability.md A4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import (
    A_DAY,
    ConditionSettings,
    Count,
    Direction,
    Duration,
    Heal,
    OverAfter,
    Severity,
)
from nightrun.decisions import fingerprint, statistics, telling_line
from nightrun.words.issue import Finding
from nightrun.words.task import COMPLETED, FAILED

NAME = "repeated_failures"
DIRECTION = (
    "Several tasks failed in the same way. Find the root cause from the failing output and describe the smallest fix."
    " Suggest meta-pipeline item to specs/007-meta-pipeline-backlog.md if root cause identified."
)
ACTION = "Read the log of one of these tasks with `nightrun logs TASK`; one cause may explain all of them."
IN_A_ROW = "in-a-row"  # fingerprint of the finding about failures of different kinds
OF_LAST = 10  # tasks that say whether a row of failures is over (reliability.md 2.2: clear at 8 of 10)

Task = Mapping[str, Any]


class Settings(ConditionSettings):
    severity: Severity = "high"
    over_after: OverAfter = A_DAY
    heal: Heal = True
    direction: Direction = DIRECTION
    count: Count = Field(default=3, description="So many different tasks with the same failure within `within`.")
    within: Duration = Field(default=86_400.0, description="How far back those failures count.")
    count_long: Count = Field(default=5, description="So many different tasks with the same failure in seven days.")
    in_a_row: Count = Field(
        default=5,
        description="It also fires when the last so many tasks all failed, each in its own way; 0 is off. When they "
        "failed in one way, whatever their types, `count` of them are enough.",
    )
    cleared_by: Count = Field(
        default=3, description="A kind of failure is over when so many tasks of its type completed after it."
    )
    row_cleared_by: Count = Field(
        default=8, description="A row of failures is over when so many of the last ten tasks completed; 0: of none."
    )


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "finished"):
        return found.unknown(NAME, settings, lacking)
    recent = statistics.counted(snapshot["finished"])
    kinds = _kinds(recent)
    firing = [_same(kind, tasks, settings) for kind, tasks in kinds.items() if _fires(tasks, recent, settings, now)]
    return firing or _in_a_row(recent, settings, found.the_open(snapshot, NAME, IN_A_ROW))


def _kinds(recent: Sequence[Task]) -> dict[str, list[Task]]:
    kinds: dict[str, list[Task]] = {}
    for one in recent:
        if one["status"] == FAILED:
            kinds.setdefault(fingerprint.of_task(one), []).append(one)
    return kinds


def _fires(tasks: Sequence[Task], recent: Sequence[Task], settings: Settings, now: float) -> bool:
    lately = sum(now - one["finished_at"] <= settings.within for one in tasks)
    week = sum(now - one["finished_at"] <= 7 * 86_400 for one in tasks)
    often = 0 < settings.count <= lately or 0 < settings.count_long <= week
    return often and not _is_over(tasks, recent, settings)


def _is_over(tasks: Sequence[Task], recent: Sequence[Task], settings: Settings) -> bool:
    last = max(one["finished_at"] for one in tasks)
    since = [
        one
        for one in recent
        if one["status"] == COMPLETED and one["task_type"] == tasks[0]["task_type"] and one["finished_at"] > last
    ]
    return 0 < settings.cleared_by <= len(since)


def _row_is_over(recent: Sequence[Task], settings: Settings) -> bool:
    """Seldom, while most tasks fail: three in a row complete by chance every few hours of a bad week."""
    return statistics.count(recent[:OF_LAST]).completed >= settings.row_cleared_by


def _same(kind: str, tasks: Sequence[Task], settings: Settings) -> Finding:
    newest = tasks[0]
    line = telling_line.of(newest.get("error_summary") or "") or "no error line"
    message = (
        f"{found.count(len(tasks), 'task')} of type {newest['task_type']} failed in the same way"
        f" ({newest.get('error_class') or 'unknown'}): {line}"
    )
    return found.firing(NAME, settings, message, ACTION, fingerprint=kind, evidence=_evidence(tasks))


def _in_a_row(recent: Sequence[Task], settings: Settings, opened: Task | None) -> list[Finding]:
    row = statistics.failures_in_a_row(recent)
    if settings.in_a_row and (row >= settings.in_a_row or _is_one_way(recent[:row], settings)):
        failed = recent[:row]
        message = f"the last {row} tasks all failed ({found.named(failed)})"
        return [found.firing(NAME, settings, message, ACTION, fingerprint=IN_A_ROW, evidence=_evidence(failed))]
    if opened is None or not settings.in_a_row or _row_is_over(recent, settings):
        return []
    before = opened.get("evidence") or {}
    message, action = opened.get("message") or "several failed in a row", opened.get("suggested_action") or ACTION
    return [found.firing(NAME, settings, message, action, fingerprint=IN_A_ROW, evidence=before)]


def _is_one_way(row: Sequence[Task], settings: Settings) -> bool:
    """Whether tasks of several types failed in the one way that each type alone has not yet shown often enough."""
    newest = row[: settings.count]
    ways = {(one.get("error_class"), fingerprint.clean(one.get("error_summary") or "")) for one in newest}
    return 0 < settings.count <= len(newest) and len(ways) == 1


def _evidence(tasks: Sequence[Task]) -> dict[str, Any]:
    return {
        "tasks": [one["id"] for one in tasks],
        "task_type": tasks[0]["task_type"],
        "error_class": tasks[0].get("error_class"),
        "error_classes": sorted({str(one.get("error_class")) for one in tasks}),
        "error": tasks[0].get("error_summary"),
        "last_at": max(one["finished_at"] for one in tasks),
    }
