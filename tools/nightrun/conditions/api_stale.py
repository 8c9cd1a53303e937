"""The API is up but lacks a route it must have: it runs an old build (reliability.md A12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Count, Severity
from nightrun.words.issue import PENDING, Finding

NAME = "api_stale"
DIRECTION = ""  # the supervisor restarts the API
ACTION = (
    "A restart did not bring the route back: compare the builds in `nightrun doctor`, reinstall, `make stop` and start."
)
ROUTE = "GET /api/agent/metrics"


class Settings(ConditionSettings):
    severity: Severity = "high"
    probes: Count = Field(default=2, description="So many looks in a row that got 404 before a restart is asked for.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    """Pending until a restart was tried: only a route that is still missing after it is an issue."""
    if lacking := found.missing(snapshot, "api"):
        return found.unknown(NAME, settings, lacking)
    api = snapshot["api"]
    missing = api.get("route_missing", 0)
    if not missing:
        return []
    evidence = {
        "probes": missing,
        "build_id": api.get("build_id"),
        "installed_build_id": api.get("installed_build_id"),
        "ask_restart": missing >= settings.probes and not api.get("restarted"),
    }
    message = f"{ROUTE} is 404 (build {api.get('build_id')} runs, {api.get('installed_build_id')} is installed)"
    state = {"state": PENDING} if missing < settings.probes or not api.get("restarted") else {}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence, **state)]
