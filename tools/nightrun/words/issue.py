"""A condition's finding, and the issue it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OK = "ok"
PENDING = "pending"
FIRING = "firing"
UNKNOWN = "unknown"
# What became of what was wrong, after a heal or without one; the third is UNKNOWN.
RECOVERED = "recovered"
NOT_RECOVERED = "not recovered"
SEVERITIES = ("high", "medium", "low")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one condition saw in one snapshot. Several findings of a condition differ by fingerprint."""

    condition: str
    state: str  # OK, PENDING, FIRING or UNKNOWN
    severity: str = "medium"
    fingerprint: str = ""  # tells apart findings of one condition; empty when there can be only one
    message: str = ""  # one line, for people
    suggested_action: str = ""  # what a person should do
    evidence: Mapping[str, Any] = field(default_factory=dict)
    direction: str | None = None  # of the heal task it asks for, None for none


@dataclass(frozen=True, kw_only=True)
class Issue:
    """A condition that fired. Times are seconds since the epoch, UTC."""

    id: str
    condition: str
    fingerprint: str
    severity: str
    status: str  # open or resolved
    message: str
    suggested_action: str
    first_seen: float
    last_seen: float
    count: int
    evidence: Mapping[str, Any] = field(default_factory=dict)
    heal_task_id: str | None = None
    resolved_at: float | None = None
