"""The target branch fails its own gate: every attempt that starts from it starts red."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Direction, Duration, Heal, HealType, Severity
from nightrun.words.issue import Finding

NAME = "gate_red"
DIRECTION = (
    "The gate fails on the target branch itself. Make it pass with the smallest change; do not weaken the checks."
)
ACTION = "Run the gate of pipeline.yaml in the project yourself; until it passes, no task can."


class Settings(ConditionSettings):
    severity: Severity = "high"
    heal: Heal = True
    task_type: HealType = "impl"
    direction: Direction = DIRECTION
    believed_for: Duration = Field(
        default=86_400.0, description="How long a report about the target's gate is believed."
    )


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    """Runners report the gate of the target's tip as `target_gate: {result, tip, at, summary}` when they ran it."""
    if lacking := found.missing(snapshot, "runners"):
        return found.unknown(NAME, settings, lacking)
    reports = [one["target_gate"] for one in snapshot["runners"] if isinstance(one.get("target_gate"), dict)]
    last = max(reports, key=lambda one: float(one.get("at") or 0), default=None)
    if last is None or now - float(last.get("at") or 0) > settings.believed_for:
        return found.unknown(NAME, settings, "no runner has run the gate on the target branch lately")
    if last.get("result") != "failed":
        return []
    message = f"the target branch fails its own gate: {last.get('summary') or 'no error line'}"
    return [found.firing(NAME, settings, message, ACTION, evidence={**last, "last_at": last["at"]})]
