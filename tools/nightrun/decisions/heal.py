"""Which issues may ask for a heal task now: few at once, few a day, ever rarer for the same (reliability.md A8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nightrun.words.issue import FIRING, Finding
from nightrun.words.task import TERMINAL

DAY = 86_400.0
LONGEST_WAIT_S = DAY
# Faults of runner, API or monitor: only the supervisor can do something, a heal would wait for what is broken.
SUPERVISED = (
    "no_task_running",
    "orphan_running",
    "api_unreachable",
    "api_stale",
    "monitor_stale",
    "heal_futile",
    "agent_silent",
)

Key = tuple[str, str]  # condition and fingerprint
Task = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Caps:
    """The policy's section `heal`."""

    open_per_condition: int = 1  # for one condition and fingerprint
    open: int = 2
    per_day: int = 6
    cooldown: float = 3600.0  # seconds; doubles with each heal of the same fingerprint


@dataclass(frozen=True, kw_only=True)
class HealRequest:
    """A task to add. `dedup_key` makes it one task, however often the request is repeated."""

    condition: str
    fingerprint: str
    task_type: str
    direction: str
    dedup_key: str
    issue: str
    context: Mapping[str, Any] = field(default_factory=dict)


def key_of(remedy: Task) -> Key:
    """The condition and fingerprint that a remedy was made for."""
    context = remedy.get("context") or {}
    return str(context.get("condition", "")), str(context.get("fingerprint", ""))


def choose(
    findings: Sequence[Finding],
    issues: Mapping[Key, Mapping[str, Any]],
    remedies: Sequence[Task],
    *,
    task_types: Mapping[str, str],
    caps: Caps,
    auto_fix: bool,
    now: float,
) -> list[HealRequest]:
    """The tasks to add, the most severe issues first.

    `issues` are the open ones, `remedies` all tasks that issues asked for: those at work and those that ended.
    """
    if not auto_fix:
        return []
    free = min(
        caps.open - sum(one["status"] not in TERMINAL for one in remedies),
        caps.per_day - sum(now - one["created_at"] < DAY for one in remedies),
    )
    wanted = [one for one in findings if _may_ask(one, issues, remedies, caps, now)]
    wanted.sort(key=lambda one: ("high", "medium", "low").index(one.severity))
    return [_request(one, issues[one.condition, one.fingerprint], task_types) for one in wanted[: max(0, free)]]


def _may_ask(
    finding: Finding, issues: Mapping[Key, Mapping[str, Any]], remedies: Sequence[Task], caps: Caps, now: float
) -> bool:
    key = (finding.condition, finding.fingerprint)
    if finding.state != FIRING or not finding.direction or finding.condition in SUPERVISED or key not in issues:
        return False
    earlier = [one for one in remedies if key_of(one) == key]
    if sum(one["status"] not in TERMINAL for one in earlier) >= caps.open_per_condition:
        return False
    return not earlier or (_has_news(finding, earlier) and now >= _next_at(earlier, caps))


def _has_news(finding: Finding, earlier: Sequence[Task]) -> bool:
    """Whether it was seen again since the last heal began; a heal cannot undo failures of before."""
    last_at = finding.evidence.get("last_at")
    return last_at is None or last_at > max(one["created_at"] for one in earlier)


def _next_at(earlier: Sequence[Task], caps: Caps) -> float:
    """One cool-down after the first heal of this fingerprint, then twice as long each time, at most a day."""
    last = max(float(one.get("finished_at") or one["created_at"]) for one in earlier)
    doublings = min(len(earlier) - 1, 30)
    return last + min(LONGEST_WAIT_S, caps.cooldown * 2.0**doublings)


def _request(finding: Finding, issue: Mapping[str, Any], task_types: Mapping[str, str]) -> HealRequest:
    # The heal before is part of the key: after a crash between adding and linking, the same task is found again.
    previous = issue.get("heal_task_id") or "first"
    assert finding.direction is not None
    return HealRequest(
        condition=finding.condition,
        fingerprint=finding.fingerprint,
        task_type=task_types.get(finding.condition, "heal"),
        direction=finding.direction,
        dedup_key=f"heal:{issue['id']}:{previous}",
        issue=str(issue["id"]),
        context={
            "condition": finding.condition,
            "fingerprint": finding.fingerprint,
            "issue": str(issue["id"]),
            "message": finding.message,
            "evidence": dict(finding.evidence),
        },
    )
