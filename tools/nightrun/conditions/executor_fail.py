"""The agent itself does not start or does not work: it fails without a word, or is missing or logged out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import A_DAY, ConditionSettings, Count, Direction, Heal, OverAfter, Severity
from nightrun.decisions import statistics
from nightrun.words.issue import Finding
from nightrun.words.task import FAILED

NAME = "executor_fail"
DIRECTION = (
    "Tasks failed before their agent said anything. Find out why the agent does not start or work"
    " (program, arguments, login, model); describe the smallest fix."
)
ACTION = "Run `nightrun doctor`; it says for each agent whether it is installed and logged in."
_SETUP = ("setup", "auth")

Task = Mapping[str, Any]


class Settings(ConditionSettings):
    severity: Severity = "high"
    over_after: OverAfter = A_DAY
    heal: Heal = True
    direction: Direction = DIRECTION
    last: Count = Field(default=5, description="It looks at this many tasks or attempts that ended last.")
    count: Count = Field(default=1, description="It fires when so many of them failed without any output.")
    setup_count: Count = Field(
        default=2, description="It fires when so many attempts ended because the agent is missing or not logged in."
    )
    quiet_agents: tuple[str, ...] = Field(
        default=("script",), description="Agents that may fail without a word: a shell script often does."
    )


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "finished", "attempts"):
        return found.unknown(NAME, settings, lacking)
    return _wordless(snapshot["finished"], settings) + _not_set_up(snapshot["attempts"][: settings.last], settings)


def _wordless(finished: Sequence[Task], settings: Settings) -> list[Finding]:
    wordless = [
        one
        for one in statistics.counted(finished)[: settings.last]
        if one["status"] == FAILED
        and one.get("output_chars") == 0
        and one.get("agent") not in settings.quiet_agents
        and one.get("error_class") in ("agent", "timeout", "silent")
    ]
    if not 0 < settings.count <= len(wordless):
        return []
    message = f"{found.count(len(wordless), 'task')} failed without any output: {found.named(wordless)}"
    evidence = {"tasks": [one["id"] for one in wordless], "last_at": max(one["finished_at"] for one in wordless)}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence)]


def _not_set_up(attempts: Sequence[Task], settings: Settings) -> list[Finding]:
    """Without a heal: the task that repairs the agent would need the agent."""
    by_agent: dict[str, list[Task]] = {}
    for one in attempts:
        if one.get("error_class") in _SETUP:
            by_agent.setdefault(one.get("agent") or "unknown", []).append(one)
    silent = settings.model_copy(update={"heal": False})
    return [
        found.firing(
            NAME,
            silent,
            f"agent {agent} is not usable: {ended[0].get('error_summary') or ended[0]['error_class']}",
            ACTION,
            fingerprint=f"setup:{agent}",
            evidence={"tasks": sorted({one["task_id"] for one in ended}), "last_at": ended[0]["ended_at"]},
        )
        for agent, ended in by_agent.items()
        if 0 < settings.setup_count <= len(ended)
    ]
