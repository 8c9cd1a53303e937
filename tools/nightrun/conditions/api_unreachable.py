"""The API does not answer the monitor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Count, Severity
from nightrun.words.issue import PENDING, Finding

NAME = "api_unreachable"
DIRECTION = ""  # the supervisor restarts the API
ACTION = "The supervisor restarts the API. If it stays away: read .pipeline/logs/api.log."


class Settings(ConditionSettings):
    severity: Severity = "high"
    probes: Count = Field(default=3, description="So many looks in a row that got no answer.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "api"):
        return found.unknown(NAME, settings, lacking)
    failures, detail = snapshot["api"].get("failures", 0), snapshot["api"].get("detail", "")
    if not failures:
        return []
    message = f"the API has not answered {found.count(failures, 'look')} in a row: {detail}"
    if failures < settings.probes:
        return [found.firing(NAME, settings, message, ACTION, state=PENDING)]
    return [found.firing(NAME, settings, message, ACTION, evidence={"failures": failures, "detail": detail})]
