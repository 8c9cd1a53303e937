"""Disk, database or repository are not what they should be: nothing new is begun (reliability.md D3, D7, D12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Severity, Size
from nightrun.words.issue import Finding

NAME = "disk_fault"
DIRECTION = ""  # no agent may work on what cannot be trusted
ACTION = "Do what the message says, then `make resume`: nightrun itself does not begin again."
ENDLESS = "Some program reads the database and does not end: `lsof .pipeline/pipeline.db` names it."


class Settings(ConditionSettings):
    severity: Severity = "high"
    log: Size = Field(default=256 << 20, description="Size of the database's write-ahead log that opens the issue.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "pauses"):
        return found.unknown(NAME, settings, lacking)
    closed = [one for one in snapshot["pauses"] if one["by"] == "disk"]
    findings = [found.firing(NAME, settings, one["reason"], ACTION, fingerprint=one["scope"]) for one in closed]
    if (size := int(snapshot.get("log_bytes") or 0)) >= settings.log:
        message = f"the database's log has grown to {size >> 20} MiB and cannot be folded back"
        findings.append(found.firing(NAME, settings, message, ENDLESS, fingerprint="log"))
    return findings
