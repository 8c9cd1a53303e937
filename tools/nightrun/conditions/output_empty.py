"""Tasks are called completed, their agent said nothing at all, and there is no commit that shows what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import A_DAY, ConditionSettings, Count, Direction, Heal, OverAfter, Severity
from nightrun.decisions import statistics
from nightrun.words.issue import Finding
from nightrun.words.task import COMMIT_NONE, COMPLETED

NAME = "output_empty"
DIRECTION = (
    "Completed tasks have no output. Find out whether the agent ran at all and whether its output is captured;"
    " describe the smallest fix."
)
ACTION = (
    "Look at the change with `nightrun logs TASK` and `git show`: an agent that says nothing may have done nothing."
)


class Settings(ConditionSettings):
    severity: Severity = "high"
    over_after: OverAfter = A_DAY
    heal: Heal = True
    direction: Direction = DIRECTION
    last: Count = Field(default=5, description="It looks at this many completed tasks that ended last.")
    count: Count = Field(default=1, description="It fires when so many of them have no output.")
    quiet_agents: tuple[str, ...] = Field(
        default=("script",), description="Agents that may say nothing: a shell script that succeeds often does."
    )


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "finished"):
        return found.unknown(NAME, settings, lacking)
    completed = [one for one in statistics.counted(snapshot["finished"]) if one["status"] == COMPLETED]
    empty = [
        one
        for one in completed[: settings.last]
        if one.get("output_chars") == 0
        and one.get("commit_state") == COMMIT_NONE
        and one.get("agent") not in settings.quiet_agents
    ]
    if not 0 < settings.count <= len(empty):
        return []
    message = f"{found.count(len(empty), 'completed task')} without any output: {found.named(empty)}"
    evidence = {"tasks": [one["id"] for one in empty], "last_at": max(one["finished_at"] for one in empty)}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence)]
