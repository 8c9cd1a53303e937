"""What is not said while a larger fault explains it, and what is said as one when it is too much (rule A7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nightrun.decisions import heal
from nightrun.words.issue import FIRING, PENDING, UNKNOWN, Finding

Key = tuple[str, str]  # condition and fingerprint

HOUR = 3_600.0
# Fires about the others, and is no condition of its own: nothing in a snapshot makes it.
COLLECTIVE = "many_issues"
ACTION = "Look at `nightrun report`: so many at once often have one cause. Each becomes an issue of its own in time."
NAMED = 5
OF_FAILURES = (
    "low_success_rate",
    "repeated_failures",
    "agent_silent",
    "output_empty",
    "executor_fail",
    "no_progress",
)
WITHOUT_API = ("no_task_running", "orphan_running", "low_success_rate", "no_progress", "monitor_stale")
_WORST_FIRST = ("high", "medium", "low")


def muted(findings: Iterable[Finding], snapshot: Mapping[str, Any]) -> list[Finding]:
    """What a cause explains becomes unknown: no new issue, and none that is open is closed."""
    seen = list(findings)
    fires: dict[str | Key, Finding] = {_key(one): one for one in seen if one.state == FIRING}
    fires |= {one.condition: one for one in seen if one.state == FIRING}
    return [_said(one, _cause(one, fires, snapshot)) for one in seen]


def _said(finding: Finding, cause: str) -> Finding:
    if not cause or finding.state not in (FIRING, PENDING):
        return finding
    return replace(finding, state=UNKNOWN, message=f"not judged while {cause}: {finding.message}", direction=None)


def _cause(finding: Finding, fires: Mapping[str | Key, Finding], snapshot: Mapping[str, Any]) -> str:
    """In words; empty when nothing explains it."""
    disk = fires.get("disk_low")
    if disk is not None and disk.evidence.get("full") and finding.condition != "disk_low":
        return "the disk is full"
    if "api_unreachable" in fires and finding.condition in WITHOUT_API:
        return "the API is away"
    if "gate_red" in fires and _is_of_gate(finding):
        return "the target branch fails its own gate"
    if (heal.HEAL_FUTILE, heal.MANY) in fires and _is_new_failure(finding, snapshot):
        return "too much is bad at once"
    if finding.condition in OF_FAILURES:
        return _pause(finding, snapshot)
    return ""


def _is_of_gate(finding: Finding) -> bool:
    """Failures that are all of the gate: whatever an agent does, the gate that was red before it stays red."""
    classes = finding.evidence.get("error_classes")
    return finding.condition == "repeated_failures" and list(classes or ()) == ["gate"]


def _is_new_failure(finding: Finding, snapshot: Mapping[str, Any]) -> bool:
    opened = {(one["condition"], one.get("fingerprint", "")) for one in snapshot.get("issues") or ()}
    return finding.condition in OF_FAILURES and _key(finding) not in opened


def _pause(finding: Finding, snapshot: Mapping[str, Any]) -> str:
    """An outage explains the failures of the agents that it stopped, or of all when intake was stopped for it."""
    own = [one for one in snapshot.get("pauses") or () if one.get("by") == "nightrun"]
    if any(one["scope"] == "intake" for one in own):
        return "intake is paused by an outage"
    paused = {one["scope"].removeprefix("agent:") for one in own if one["scope"].startswith("agent:")}
    agents = _agents(finding, snapshot) if paused else set()
    if agents and agents <= paused:
        return f"{', '.join(sorted(agents))} is paused by an outage"
    return ""


def _agents(finding: Finding, snapshot: Mapping[str, Any]) -> set[str]:
    """Of the tasks that the finding is about; of all that ended lately when it names none."""
    tasks = set(finding.evidence.get("tasks") or ())
    ended = [(one.get("id"), one.get("agent")) for one in snapshot.get("finished") or ()]
    ended += [(one.get("task_id"), one.get("agent")) for one in snapshot.get("attempts") or ()]
    return {str(agent) for task, agent in ended if agent and (not tasks or task in tasks)}


# -- too much at once


def opened_lately(issues: Iterable[Mapping[str, Any]], now: float) -> int:
    """Issues, open and resolved, that were new within the hour."""
    return sum(now - one["first_seen"] < HOUR and one.get("condition") != COLLECTIVE for one in issues)


def gathered(
    findings: Sequence[Finding], opened: Collection[Key], known: Collection[Key], *, lately: int, most: int
) -> list[Finding]:
    """Beyond `most` new issues an hour the rest waits, and one issue says so.

    `opened` are the keys of open issues, `known` those that would only be opened again; neither is new.
    """
    new = [one for one in findings if one.state == FIRING and _key(one) not in opened and _key(one) not in known]
    new.sort(key=lambda one: _WORST_FIRST.index(one.severity))
    waiting = new[max(0, most - lately) :] if most else []
    if not waiting:
        return list(findings)
    keys = {_key(one) for one in waiting}
    rest = [replace(one, state=PENDING, direction=None) if _key(one) in keys else one for one in findings]
    return [*rest, _collective(waiting, most)]


def _collective(waiting: Sequence[Finding], most: int) -> Finding:
    names = sorted({one.condition for one in waiting})
    listed = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    return Finding(
        condition=COLLECTIVE,
        state=FIRING,
        severity=waiting[0].severity,
        message=f"{len(waiting)} more than the {most} new issues an hour that are shown: {listed}",
        suggested_action=ACTION,
        evidence={"findings": [f"{' '.join(filter(None, _key(one)))}: {one.message}" for one in waiting[:100]]},
    )


def _key(finding: Finding) -> Key:
    return finding.condition, finding.fingerprint
