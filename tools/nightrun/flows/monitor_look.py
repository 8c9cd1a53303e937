"""One look of the monitor: what the API and this machine know, what the conditions say to it, what is asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from types import ModuleType
from typing import Any

from nightrun import conditions
from nightrun.decisions import issues, muting, restart
from nightrun.decisions.issues import Known, Wait
from nightrun.decisions.restart import Request
from nightrun.flows import monitor_heal
from nightrun.hands import build
from nightrun.hands.client import ApiAway, Client, Refused
from nightrun.policy.model import Policy
from nightrun.words import issue as words
from nightrun.words.issue import Finding
from nightrun.words.task import Task

PROBE_TIMEOUT_S = 10.0
RESTART_TAKES_S = 120.0  # after this a restart that was asked for counts as tried
NOT_FOUND = 404

log = logging.getLogger("nightrun.monitor")


@dataclass
class Memory:
    """What one look leaves for the next."""

    failures: int = 0  # looks in a row without an answer
    detail: str = ""
    route_missing: int = 0  # looks in a row with 404 on a route that must be there
    asked: list[dict[str, Any]] = field(default_factory=list)  # restarts: {reason, target, at, build_id}
    last_open: list[dict[str, Any]] = field(default_factory=list)
    resumed_at: float | None = None  # when the machine woke last, or the monitor started


@dataclass(frozen=True)
class Looked:
    """What came of a look; `restart` is to be written for the supervisor."""

    at: float
    findings: list[Finding]
    issues: list[dict[str, Any]]
    resolved: list[dict[str, Any]]
    heals: list[str]  # ids of the tasks that were added
    restart: dict[str, Any] | None
    reached: bool = True  # whether the API took the findings; else what is not among the issues may still be open


def look(
    client: Client,
    policy: Policy,
    memory: Memory,
    facts: Mapping[str, Any],
    *,
    auto_fix: bool,
    now: float,
    diff_of: Callable[[Task], str] = monitor_heal.no_diff,
) -> Looked:
    """`facts` are what only this machine knows: policy_problem, hook_problems, auto_commit, runner_started_at.

    `diff_of` gives the last change of a task that failed.
    """
    known = {"resumed_at": memory.resumed_at, "interval": policy.monitor.interval}
    snapshot = {**_ask(client, memory, now), **facts, **known}
    findings = muting.muted(_detect(policy, snapshot, now), snapshot)
    answer = _send(client, findings, policy, memory, snapshot, now)
    added: list[str] = []
    if auto_fix and answer.reached:
        added = monitor_heal.add(client, policy, answer.findings, answer.issues, snapshot, now=now, diff_of=diff_of)
    memory.last_open = answer.issues
    return Looked(
        at=now,
        findings=answer.findings,
        issues=answer.issues,
        resolved=answer.resolved,
        heals=added,
        restart=_restart(answer.findings, memory, snapshot, now),
        reached=answer.reached,
    )


# -- what is known


def _ask(client: Client, memory: Memory, now: float) -> dict[str, Any]:
    """The snapshot of the API with how well it answered; only the latter when it does not."""
    try:
        health = client.health(timeout_s=PROBE_TIMEOUT_S)
        missing = _is_missing(client.metrics)
        snapshot = _or_nothing(client.snapshot)
    except ApiAway as error:
        memory.failures += 1
        memory.detail = error.message
        return {"api": {"failures": memory.failures, "detail": memory.detail}}
    memory.failures, memory.detail = 0, ""
    memory.route_missing = memory.route_missing + 1 if missing else 0
    build_id = health.get("build_id")
    api = {
        "failures": 0,
        "route_missing": memory.route_missing,
        "build_id": build_id,
        "installed_build_id": build.build_id() if missing else build_id,
        "restarted": _was_restarted(memory, build_id, health.get("started_at"), now),
    }
    return {**snapshot, "api": api}


def _is_missing(route: Callable[[], Any]) -> bool:
    try:
        route()
    except Refused as error:
        if error.status == NOT_FOUND:
            return True
        log.warning("metrics: %s", error.message)
    return False


def _or_nothing(route: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return route()
    except Refused as error:
        log.warning("snapshot: %s", error.message)
        return {}


def _was_restarted(memory: Memory, build_id: Any, started_at: Any, now: float) -> bool:
    """Whether a restart because of a missing route was tried with this very build: then another one is no use."""
    return any(
        one.get("reason") == conditions.api_stale.NAME
        and one.get("build_id") == build_id
        and (_number(started_at) > _number(one.get("at")) or now - _number(one.get("at")) > RESTART_TAKES_S)
        for one in memory.asked
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


# -- what the conditions say


def _detect(policy: Policy, snapshot: Mapping[str, Any], now: float) -> list[Finding]:
    """Whether the monitor itself is late is for others to see."""
    found: list[Finding] = []
    for condition in conditions.ALL:
        settings = policy.monitor.condition(condition.NAME)
        if settings.on and condition.NAME != conditions.monitor_stale.NAME:
            found += _one(condition, settings, snapshot, now)
    return found


def _one(condition: ModuleType, settings: Any, snapshot: Mapping[str, Any], now: float) -> list[Finding]:
    """A condition that fails on what it sees is logged and unknown; the others still count."""
    try:
        found: list[Finding] = condition.detect(snapshot, settings, now)
    except Exception:
        log.exception("condition %s failed", condition.NAME)
        return [Finding(condition=condition.NAME, state=words.UNKNOWN, message="the condition itself failed")]
    return found


# -- what is said


@dataclass(frozen=True)
class _Answer:
    findings: list[Finding]
    issues: list[dict[str, Any]]
    resolved: list[dict[str, Any]]
    reached: bool


def _send(
    client: Client, seen: Sequence[Finding], policy: Policy, memory: Memory, snapshot: Mapping[str, Any], now: float
) -> _Answer:
    """Through the API, which keeps the issues; while it is away they stay as they were and its own fault is added."""
    settings = {one.NAME: policy.monitor.condition(one.NAME) for one in conditions.ALL}
    waits = {name: Wait(one.hold, one.over_after) for name, one in settings.items()}
    watched = [name for name, one in settings.items() if one.on and name != conditions.monitor_stale.NAME]
    if memory.failures:
        findings = issues.step(seen, known={}, still_open=(), waits={}, now=now)
        return _Answer(findings, _with_own(memory.last_open, findings, now), [], reached=False)
    try:
        known = {_key(one): Known(one["state"], one["since"]) for one in client.issues_state()["conditions"]}
        opened = [_key(one) for one in snapshot.get("issues") or memory.last_open]
        findings = issues.step(
            seen,
            known=known,
            still_open=opened,
            waits=waits,
            now=now,
            timers_from=memory.resumed_at or 0.0,
            watched=watched,
        )
        findings = _gathered(findings, opened, policy, snapshot, now)
        said = client.send_findings(findings)
    except (ApiAway, Refused) as error:
        log.warning("the findings could not be sent: %s", error.message)
        findings = issues.step(seen, known={}, still_open=(), waits={}, now=now)
        return _Answer(findings, _with_own(memory.last_open, findings, now), [], reached=False)
    for one in said["opened"]:
        log.warning("issue %s: %s: %s", one["id"], one["condition"], one["message"])
    for one in said["resolved"]:
        log.info("resolved %s: %s", one["id"], one["condition"])
    return _Answer(findings, said["open"], said["resolved"], reached=True)


def _gathered(
    findings: Sequence[Finding], opened: Sequence[issues.Key], policy: Policy, snapshot: Mapping[str, Any], now: float
) -> list[Finding]:
    """One that was resolved lately is the same issue again, and not a new one."""
    resolved = snapshot.get("resolved") or ()
    lately = muting.opened_lately([*(snapshot.get("issues") or ()), *resolved], now)
    known = [_key(one) for one in resolved]
    return muting.gathered(findings, opened, known, lately=lately, most=policy.monitor.new_per_hour)


def _key(one: Mapping[str, Any]) -> issues.Key:
    return one["condition"], one.get("fingerprint") or ""


def _with_own(last: Sequence[dict[str, Any]], findings: Sequence[Finding], now: float) -> list[dict[str, Any]]:
    """The issues that were open, and the API's own faults, which it cannot keep itself."""
    own = [one for one in findings if one.state == words.FIRING and one.condition.startswith("api_")]
    rest = [one for one in last if one["condition"] not in {finding.condition for finding in own}]
    since = {one["condition"]: one["first_seen"] for one in last}
    return rest + [
        {
            **asdict(one),
            "id": f"local-{one.condition}",
            "status": "open",
            "first_seen": since.get(one.condition, now),
            "last_seen": now,
        }
        for one in own
    ]


# -- restarts


def _restart(
    findings: Sequence[Finding], memory: Memory, snapshot: Mapping[str, Any], now: float
) -> dict[str, Any] | None:
    """The restart to ask the supervisor for: at most three an hour for one part."""
    earlier = [Request(str(one["reason"]), str(one["target"]), _number(one["at"])) for one in memory.asked]
    for finding in findings:
        target = _target(finding)
        if target and not restart.too_many(earlier, target, now):
            build_id = (snapshot.get("api") or {}).get("build_id")
            return {"reason": finding.condition, "at": now, "target": target, "build_id": build_id}
    return None


def _target(finding: Finding) -> str | None:
    if finding.condition == conditions.no_task_running.NAME and finding.state == words.FIRING:
        return "runner"
    if finding.condition == conditions.api_stale.NAME and finding.evidence.get("ask_restart"):
        return "api"
    return None
