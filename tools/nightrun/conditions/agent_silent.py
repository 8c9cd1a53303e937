"""Attempts of one agent end because it said nothing for too long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import A_DAY, ConditionSettings, Count, Duration, OverAfter
from nightrun.words.issue import Finding

NAME = "agent_silent"
DIRECTION = ""  # an agent that hangs would hang in its heal too
ACTION = "Run the agent by hand once: it may wait for an answer, a login or network (limit: task_types.TYPE.silence)."


class Settings(ConditionSettings):
    over_after: OverAfter = A_DAY
    count: Count = Field(default=2, description="So many attempts of one agent that ended silent within `within`.")
    within: Duration = Field(default=21_600.0, description="How far back those attempts count.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "attempts"):
        return found.unknown(NAME, settings, lacking)
    silent: dict[str, list[Mapping[str, Any]]] = {}
    for one in snapshot["attempts"]:
        if one["error_class"] == "silent" and now - one["ended_at"] <= settings.within:
            silent.setdefault(one.get("agent") or "unknown", []).append(one)
    return [_finding(agent, ended, settings) for agent, ended in silent.items() if 0 < settings.count <= len(ended)]


def _finding(agent: str, ended: list[Mapping[str, Any]], settings: Settings) -> Finding:
    message = f"agent {agent} was stopped {len(ended)} times because it said nothing for too long"
    evidence = {"tasks": sorted({one["task_id"] for one in ended}), "last_at": max(one["ended_at"] for one in ended)}
    return found.firing(NAME, settings, message, ACTION, fingerprint=agent, evidence=evidence)
