"""Completed work is not on the target branch: its commit or its landing failed, or waits too long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Duration, Severity
from nightrun.words.issue import Finding
from nightrun.words.task import COMMIT_FAILED, COMMIT_HELD

NAME = "commit_failed"
DIRECTION = ""  # a person's edits, a hook or the repository is in the way
ACTION = (
    "The reason is in `nightrun status`. The work is safe on its branch; when the cause is gone it lands by itself."
)


class Settings(ConditionSettings):
    severity: Severity = "high"
    waiting_after: Duration = Field(
        default=600.0, description="A completed change that is neither landed nor refused is late after this."
    )


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "unlanded"):
        return found.unknown(NAME, settings, lacking)
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for one in snapshot["unlanded"]:
        groups.setdefault(_kind(one, settings, now), []).append(one)
    groups.pop("", None)
    return [_finding(kind, tasks, settings) for kind, tasks in groups.items()]


def _kind(task: Mapping[str, Any], settings: Settings, now: float) -> str:
    """Empty for one that is still on its way."""
    if task["commit_state"] in (COMMIT_FAILED, COMMIT_HELD):
        return str(task["commit_state"])
    since = task.get("finished_at") or task["updated_at"]
    return "waiting" if now - since >= settings.waiting_after else ""


def _finding(kind: str, tasks: list[Mapping[str, Any]], settings: Settings) -> Finding:
    what = {COMMIT_FAILED: "could not be committed", COMMIT_HELD: "is held back"}.get(kind, "has not landed yet")
    reason = next((one["commit_reason"] for one in tasks if one.get("commit_reason")), "no reason was recorded")
    message = f"the work of {found.count(len(tasks), 'task')} {what}: {reason} ({found.named(tasks)})"
    evidence = {"tasks": [one["id"] for one in tasks], "commit_state": tasks[0]["commit_state"], "reason": reason}
    return found.firing(NAME, settings, message, ACTION, fingerprint=kind, evidence=evidence)
