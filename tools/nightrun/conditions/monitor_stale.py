"""The monitor has not looked for too long; others see to it, the monitor cannot (reliability.md A13)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Duration, Severity
from nightrun.words.issue import Finding

NAME = "monitor_stale"
DIRECTION = ""  # the supervisor restarts the monitor
ACTION = "The supervisor restarts the monitor. If it comes back: read .pipeline/logs/monitor.log."


class Settings(ConditionSettings):
    severity: Severity = "high"
    after: Duration = Field(default=300.0, description="The last look is older than this.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "started_at"):
        return found.unknown(NAME, settings, lacking)
    last = snapshot.get("last_evaluation")
    quiet = now - max(last or 0.0, snapshot["started_at"], snapshot.get("resumed_at") or 0.0)
    if quiet < settings.after:
        return []
    message = f"the monitor has not looked for {found.span(quiet)}"
    return [found.firing(NAME, settings, message, ACTION, evidence={"last_evaluation": last})]
