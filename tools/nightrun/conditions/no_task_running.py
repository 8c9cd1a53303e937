"""Work is ready, and nothing has run for ten minutes: the runner is stuck (reliability.md A5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Duration, Severity
from nightrun.words.issue import Finding

NAME = "no_task_running"
DIRECTION = ""  # only the runner could execute a heal for a runner that is stuck: the supervisor restarts it
ACTION = "The supervisor restarts the runner. If it comes back: read .pipeline/logs/runner-1.log and `nightrun doctor`."
PARTS, ENOUGH = 10, 0.8  # at least 8 of 10 samples (reliability.md A5)
SHORTEST_PART_S = 30.0


class Settings(ConditionSettings):
    severity: Severity = "high"
    after: Duration = Field(
        default=600.0, description="Work is ready and nothing has run for so long: the runner is restarted."
    )
    quiet_after_restart: Duration = Field(
        default=120.0, description="No alarm so soon after a start, a restart or the end of the machine's sleep."
    )


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "counts", "pauses", "started_at"):
        return found.unknown(NAME, settings, lacking)
    ready = snapshot.get("oldest_ready")
    if (
        ready is None
        or snapshot["counts"].get("running", 0)
        or _is_paused(snapshot)
        or _is_new(snapshot, settings, now)
    ):
        return []
    idle_since = max(ready["ready_at"], _last_sign(snapshot))
    waited = now - idle_since
    if waited < settings.after:
        return []
    if blind := _blind(snapshot, settings, now):
        return found.unknown(NAME, settings, blind)
    message = (
        f"{found.count(snapshot.get('ready_count') or 1, 'task is', 'tasks are')} ready and none has run"
        f" for {found.span(waited)} (oldest: {ready['id']})"
    )
    evidence = {"tasks": [ready["id"]], "waited_seconds": round(waited), "last_claim_at": snapshot.get("last_claim_at")}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence)]


def _is_paused(snapshot: Mapping[str, Any]) -> bool:
    return any(one["scope"] == "intake" for one in snapshot["pauses"])


def _is_new(snapshot: Mapping[str, Any], settings: Settings, now: float) -> bool:
    """Started, restarted or woken a moment ago; a shorter `after` makes that moment shorter too."""
    starts = [snapshot["started_at"], snapshot.get("resumed_at"), snapshot.get("runner_started_at")]
    last = max(one for one in starts if one is not None)
    return bool(now - last < min(settings.quiet_after_restart, settings.after))


def _blind(snapshot: Mapping[str, Any], settings: Settings, now: float) -> str:
    """In words, when too little of the time was looked at: a monitor that was away cannot say that nothing ran."""
    looks = snapshot.get("looks")
    part = max(settings.after / PARTS, SHORTEST_PART_S, float(snapshot.get("interval") or 0.0))
    parts = int(settings.after / part)
    if looks is None or parts < 2:
        return ""
    # This very look is the sample of the last part.
    seen = {0} | {int((now - one) // part) for one in looks if 0 <= now - one < parts * part}
    if len(seen) >= ENOUGH * parts:
        return ""
    return f"not looked at often enough: in {len(seen)} of the last {parts} times {found.span(part)}"


def _last_sign(snapshot: Mapping[str, Any]) -> float:
    """When a task was last claimed or ended, or the machine woke: since then nothing has run."""
    signs = [snapshot.get("last_claim_at"), snapshot.get("resumed_at")]
    signs += [one.get("ended_at") for one in (snapshot.get("attempts") or ())[:1]]
    return max((float(one) for one in signs if one is not None), default=0.0)
