"""How a condition says what it saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nightrun.conditions.settings import ConditionSettings
from nightrun.words import issue
from nightrun.words.issue import Finding

MOST_NAMED = 5  # tasks in a message; the evidence holds all


def firing(
    name: str,
    settings: ConditionSettings,
    message: str,
    action: str,
    *,
    fingerprint: str = "",
    evidence: Mapping[str, Any] | None = None,
    state: str = issue.FIRING,
) -> Finding:
    return Finding(
        condition=name,
        state=state,
        severity=settings.severity,
        fingerprint=fingerprint,
        message=message,
        suggested_action=action,
        evidence=dict(evidence or {}),
        direction=(settings.direction or None) if settings.heal else None,
    )


def unknown(name: str, settings: ConditionSettings, message: str) -> list[Finding]:
    """Data is missing: neither an alarm nor an all-clear (reliability.md A1)."""
    return [Finding(condition=name, state=issue.UNKNOWN, severity=settings.severity, message=message)]


def missing(snapshot: Mapping[str, Any], *names: str) -> str:
    """What the snapshot lacks, in words; empty when it lacks nothing. A name without a value is lacking too."""
    lacking = [name for name in names if snapshot.get(name) is None]
    return f"not known: {', '.join(lacking)}" if lacking else ""


def named(tasks: Iterable[Mapping[str, Any]]) -> str:
    """A few ids for a message."""
    ids = [str(one["id"]) for one in tasks]
    more = f" and {len(ids) - MOST_NAMED} more" if len(ids) > MOST_NAMED else ""
    return ", ".join(ids[:MOST_NAMED]) + more


def is_open(snapshot: Mapping[str, Any], name: str, fingerprint: str = "") -> bool:
    """Whether this condition fired before and has not been cleared: what clears may need more than what fires."""
    return the_open(snapshot, name, fingerprint) is not None


def the_open(snapshot: Mapping[str, Any], name: str, fingerprint: str = "") -> Mapping[str, Any] | None:
    for one in snapshot.get("issues") or ():
        if one["condition"] == name and one.get("fingerprint", "") == fingerprint:
            return dict(one)
    return None


def span(seconds: float) -> str:
    """A length of time for people: `45 s`, `12 min`, `3.5 h`, `2 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"
