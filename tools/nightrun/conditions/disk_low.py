"""Little room is left on the disk that holds the state folder (reliability.md D12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Ratio, Severity, Size
from nightrun.words import quantity
from nightrun.words.issue import Finding

NAME = "disk_low"
DIRECTION = ""  # what to delete is a person's choice
ACTION = "Make room: `nightrun clean` removes old worktrees and logs. Below `limits.disk_floor` no task is started."

MOST_INODES = 50_000  # on a large disk a share of them would be much


class Settings(ConditionSettings):
    severity: Severity = "high"
    floor: Size = Field(default=1 << 30, description="Free space below which the issue is opened.")
    share: Ratio = Field(default=0.05, description="The same as a share of the whole disk; the larger of both counts.")
    clear_above: Ratio = Field(default=0.10, description="How much more must be free before the issue is over.")
    at_most: Size = Field(default=20 << 30, description="Free space above which the share does not matter.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "disk_free_bytes", "disk_total_bytes"):
        return found.unknown(NAME, settings, lacking)
    free, total = int(snapshot["disk_free_bytes"]), int(snapshot["disk_total_bytes"])
    limit = max(settings.floor, min(settings.at_most, int(settings.share * total)))
    margin = settings.clear_above if found.is_open(snapshot, NAME) else 0.0
    if free >= limit * (1 + margin):
        return _few_inodes(snapshot, settings, margin)
    message = f"{_readable(free)} of {_readable(total)} are free on the disk, below {_readable(limit)}"
    # A full disk explains every other fault (reliability.md A7), one that only fills up does not.
    evidence = {"free_bytes": free, "total_bytes": total, "limit_bytes": limit, "full": free < settings.floor}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence)]


def _few_inodes(snapshot: Mapping[str, Any], settings: Settings, margin: float) -> list[Finding]:
    """A disk without inodes is full, whatever its bytes say. A file system that does not count them has 0."""
    free, total = int(snapshot.get("disk_free_inodes") or 0), int(snapshot.get("disk_total_inodes") or 0)
    limit = min(MOST_INODES, int(settings.share * total))
    if free >= limit * (1 + margin):
        return []
    message = f"room for {free} more files is on the disk, below {limit}"
    evidence = {"free_inodes": free, "total_inodes": total, "limit_inodes": limit, "full": free == 0}
    return [found.firing(NAME, settings, message, ACTION, evidence=evidence)]


def _readable(size: int) -> str:
    unit = next((step for step in (1 << 30, 1 << 20, 1 << 10) if size >= step), 1)
    return f"{size / unit:.1f} {quantity.size_text(unit)[1:]}"
