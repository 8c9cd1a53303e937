"""Heals do not help: those of one issue, or one after the other; or too much is bad at once for heals (rule A9)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from nightrun.conditions import found
from nightrun.conditions.settings import ConditionSettings, Count
from nightrun.decisions import heal
from nightrun.words.issue import Finding
from nightrun.words.task import TERMINAL

NAME = "heal_futile"
BREAKER = "breaker"  # fingerprint of the finding about all heals
DIRECTION = ""  # a heal never causes a heal
ACTION = "Look at the issue yourself; its heals did not help. `monitor.CONDITION.heal: false` ends them."
ACTION_MANY = "Look for the one cause with `nightrun report`; the next kinds of failure are not told one by one."


class Settings(ConditionSettings):
    count: Count = Field(default=3, description="So many heals of one issue have ended while it is still open.")


def detect(snapshot: Mapping[str, Any], settings: Settings, now: float) -> list[Finding]:
    if lacking := found.missing(snapshot, "heals", "issues"):
        return found.unknown(NAME, settings, lacking)
    heals = heal.with_effects(snapshot["heals"], snapshot.get("effects") or ())
    issues = [_of_issue(issue, snapshot["heals"], settings) for issue in snapshot["issues"]]
    return [one for one in (*issues, _breaker(heals, settings, now), _many(snapshot, settings, now)) if one is not None]


def _many(snapshot: Mapping[str, Any], settings: Settings, now: float) -> Finding | None:
    """What is bad everywhere has one cause, and many small repairs would not find it."""
    names, known = heal.many_at_once(snapshot["issues"], snapshot.get("resolved") or ())
    if not names:
        return None
    opened = found.the_open(snapshot, NAME, heal.MANY) or {}
    until = (opened.get("evidence") or {}).get("until") or now + heal.BREAKER_S
    message = (
        f"{len(names)} of the {known} kinds of failure of a week are bad at once: no heal is added for"
        f" {found.span(heal.BREAKER_S)}, then one as a trial"
    )
    evidence = {"findings": names, "until": until}
    return found.firing(NAME, settings, message, ACTION_MANY, fingerprint=heal.MANY, evidence=evidence)


def _breaker(heals: Sequence[Mapping[str, Any]], settings: Settings, now: float) -> Finding | None:
    """Three that failed in a row say that healing itself does not work (reliability.md A9)."""
    row, last = heal.failed_in_a_row(heals, now)
    if row < heal.BREAKER_ROW:
        return None
    message = (
        f"the last {row} heals failed: none is added for {found.span(heal.breaker_wait(row))}, then one as a trial"
    )
    failed = sorted(heals, key=lambda one: float(one.get("finished_at") or 0), reverse=True)
    evidence = {"tasks": [one["id"] for one in failed][:row], "last_at": last, "until": last + heal.breaker_wait(row)}
    return found.firing(NAME, settings, message, ACTION, fingerprint=BREAKER, evidence=evidence)


def _of_issue(issue: Mapping[str, Any], heals: list[Mapping[str, Any]], settings: Settings) -> Finding | None:
    if issue.get("quiet_since") is not None:
        return None
    key = (issue["condition"], issue.get("fingerprint", ""))
    ended = [
        one
        for one in heals
        if one["status"] in TERMINAL
        and (one.get("created_at") or 0) >= issue["first_seen"]
        and ((one.get("context") or {}).get("condition"), (one.get("context") or {}).get("fingerprint", "")) == key
    ]
    if not 0 < settings.count <= len(ended):
        return None
    message = f"{len(ended)} heals of {' '.join(part for part in key if part)} have ended and the issue is still open"
    evidence = {"tasks": [one["id"] for one in ended], "issue": issue["id"]}
    return found.firing(NAME, settings, message, ACTION, fingerprint=":".join(key).rstrip(":"), evidence=evidence)
