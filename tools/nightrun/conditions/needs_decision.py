"""Tasks wait for a person's answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings
from nightrun.words.issue import Finding

NAME = "needs_decision"
DIRECTION = ""  # the question is for a person
ACTION = 'Answer with `nightrun decide TASK "your answer"`; the task then goes back to work.'


class Settings(ConditionSettings):
    pass


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "needs_decision"):
        return found.unknown(NAME, settings, lacking)
    waiting = snapshot["needs_decision"]
    if not waiting:
        return []
    asked = found.count(len(waiting), "task needs", "tasks need")
    message = f"{asked} a decision: {found.named(waiting)}"
    evidence = {"tasks": [one["id"] for one in waiting], "asked": waiting[0].get("decision_prompt")}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence)]
