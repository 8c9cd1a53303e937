"""Which issues may ask for a heal task now: few at once, few a day, ever rarer for the same (reliability.md A8, A9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nightrun.words.issue import FIRING, NOT_RECOVERED, RECOVERED, UNKNOWN, Finding
from nightrun.words.outcome import ENVIRONMENT_FAULTS
from nightrun.words.task import COMPLETED, FAILED, PENDING, TERMINAL

DAY = 86_400.0
LONGEST_WAIT_S = DAY
A_DAY_EACH = 3  # for one condition and fingerprint
BREAKER_ROW = 3  # heals that failed in a row, whatever they were for
BREAKER_S = 6 * 3_600.0  # then one as a trial; twice as long after each trial that failed, at most a day
REMEMBERED_S = 7 * DAY
RETIRED_AFTER = 3  # heals of one fingerprint that did not help: another one is no use
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

HEAL_FUTILE = "heal_futile"  # the condition whose issue says that a breaker is open
MANY = "many-at-once"  # its fingerprint when too much is bad at once: no thing to heal one by one (rule A9)
MANY_SHARE, MANY_LEAST = 0.4, 4  # of the kinds of failure of a week; fewer than so many are not a mass

KEY = "heal:"  # begins the dedup_key of every task that an issue asked for

EARLY = "early"  # the effect of a heal that cannot be judged yet

Key = tuple[str, str]  # condition and fingerprint
Task = Mapping[str, Any]
Issue = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Caps:
    """The policy's section `heal`."""

    open_per_condition: int = 1  # for one condition and fingerprint
    open: int = 2
    per_day: int = 6
    cooldown: float = 3600.0  # seconds; doubles with each heal of the same fingerprint
    share: float = 0.2  # of the tasks that are started while others are ready


@dataclass(frozen=True, kw_only=True)
class Slots:
    """What was started lately, and whether other work waits for a runner."""

    started: int = 0
    heals: int = 0  # of these, and those that will be started
    others_ready: int = 0
    cost: float = 0.0  # of the tasks that ended within a day, in USD, as far as their agents told
    heal_cost: float = 0.0


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


def with_effects(heals: Sequence[Task], effects: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each heal with what became of it: a verdict, EARLY, or None when nothing is known."""
    known = {one["task"]: EARLY if one.get("early") else one["effect"] for one in effects}
    return [{**one, "effect": known.get(one["id"])} for one in heals]


def slots(snapshot: Mapping[str, Any], remedies: Sequence[Task]) -> Slots:
    """From the attempts that ended last and those that run; each takes a slot."""
    ids = {one.get("id") for one in remedies}
    started = [(one["task_id"], one.get("task_type")) for one in snapshot.get("attempts") or ()]
    started += [(one["id"], one.get("task_type")) for one in snapshot.get("running") or ()]
    waiting = sum(one["status"] == PENDING for one in remedies)
    open_items = max((int(one.get("backlog_open") or 0) for one in snapshot.get("runners") or ()), default=0)
    costs = [
        (_cost(one), one.get("task_type") == "heal" or one["id"] in ids)
        for one in snapshot.get("finished") or ()
        if float(snapshot.get("now") or 0.0) - float(one["finished_at"]) < DAY
    ]
    return Slots(
        cost=sum(cost for cost, _ in costs),
        heal_cost=sum(cost for cost, is_heal in costs if is_heal),
        started=len(started),
        heals=sum(task_type == "heal" or task_id in ids for task_id, task_type in started) + waiting,
        others_ready=max(0, int(snapshot.get("ready_count") or 0) - waiting) + open_items,
    )


def _cost(task: Task) -> float:
    """Anybody may write a context."""
    usage = (task.get("context") or {}).get("usage")
    cost = usage.get("cost_usd") if isinstance(usage, Mapping) else None
    return float(cost) if isinstance(cost, (int, float)) and 0 < cost < 1e9 else 0.0


def failed_in_a_row(remedies: Sequence[Task], now: float) -> tuple[int, float]:
    """How many of the heals of a week did not work since one that did, and when the latest of these ended.

    A heal that was completed and cannot be shown to have helped is passed over.
    """
    ended = [one for one in remedies if one["status"] in (COMPLETED, FAILED) and not _is_blameless(one)]
    ended = [one for one in ended if now - _end(one) < REMEMBERED_S]
    row, last = 0, 0.0
    for one in sorted(ended, key=_end, reverse=True):
        if one["status"] == COMPLETED and one.get("effect") in (EARLY, UNKNOWN):
            continue
        if one["status"] == COMPLETED and one.get("effect") != NOT_RECOVERED:
            break
        row, last = row + 1, max(last, _end(one))
    return row, last


def many_at_once(opened: Iterable[Issue], resolved: Iterable[Issue]) -> tuple[list[str], int]:
    """The names of the issues that could ask for a heal, when too many are bad at once; and of how many in a week.

    Empty while they are few. What is not seen any more is not bad.
    """
    known = [one for one in (*opened, *resolved) if one.get("direction")]
    bad = [one for one in known if one.get("status", "open") == "open" and one.get("quiet_since") is None]
    names = sorted(" ".join(filter(None, (one["condition"], one.get("fingerprint")))) for one in bad)
    is_many = len(names) >= MANY_LEAST and len(names) >= MANY_SHARE * len(known)
    return (names if is_many else []), len(known)


def breaker_wait(row: int) -> float:
    """How long no heal is added after so many failed in a row."""
    return min(LONGEST_WAIT_S, BREAKER_S * 2.0 ** min(row - BREAKER_ROW, 30))


def _is_blameless(remedy: Task) -> bool:
    return remedy["status"] == FAILED and remedy.get("error_class") in ENVIRONMENT_FAULTS


def _end(remedy: Task) -> float:
    return float(remedy.get("finished_at") or remedy["created_at"])


def choose(
    findings: Sequence[Finding],
    issues: Mapping[Key, Mapping[str, Any]],
    remedies: Sequence[Task],
    *,
    task_types: Mapping[str, str],
    caps: Caps,
    auto_fix: bool,
    now: float,
    slots: Slots | None = None,
) -> list[HealRequest]:
    """The tasks to add, the most severe issues first.

    `issues` are the open ones, `remedies` all tasks that issues asked for: those at work and those that ended, with
    their `effect` where it is known.
    """
    if not auto_fix:
        return []
    free = _free(remedies, caps, slots or Slots(), issues.get((HEAL_FUTILE, MANY)), now)
    wanted = [one for one in findings if _may_ask(one, issues, remedies, caps, now)]
    wanted.sort(key=lambda one: ("high", "medium", "low").index(one.severity))
    return [_request(one, issues[one.condition, one.fingerprint], task_types) for one in wanted[: max(0, free)]]


def _free(remedies: Sequence[Task], caps: Caps, slots: Slots, many: Issue | None, now: float) -> int:
    """How many heals may be added now, whatever they are for."""
    at_work = sum(one["status"] not in TERMINAL for one in remedies)
    limits: list[int] = [caps.open - at_work, caps.per_day - sum(now - one["created_at"] < DAY for one in remedies)]
    if slots.others_ready:
        limits.append(share_of(caps.share, slots.started) - slots.heals)
        if slots.heal_cost > caps.share * slots.cost:
            limits.append(0)
    row, last = failed_in_a_row(remedies, now)
    if row >= BREAKER_ROW:
        limits.append(0 if now < last + breaker_wait(row) else 1 - at_work)
    if many is not None and many.get("quiet_since") is None:
        limits.append(_trial(remedies, float((many.get("evidence") or {}).get("until") or 0.0), now))
    return min(limits)


def share_of(share: float, started: int) -> int:
    """How many of the tasks that were started lately, and the next one, may be heals while other work is ready.

    The first one is always due: a share of nothing would be no heal at all.
    """
    return max(1 if share > 0 else 0, int(share * (started + 1)))


def _trial(remedies: Sequence[Task], until: float, now: float) -> int:
    """While too much is bad at once: none for some hours, then a single one."""
    return 0 if now < until else 1 - sum(one["created_at"] >= until for one in remedies)


def _may_ask(
    finding: Finding, issues: Mapping[Key, Mapping[str, Any]], remedies: Sequence[Task], caps: Caps, now: float
) -> bool:
    key = (finding.condition, finding.fingerprint)
    if finding.state != FIRING or not finding.direction or finding.condition in SUPERVISED or key not in issues:
        return False
    if _is_about_heals(finding, remedies):
        return False
    earlier = [one for one in remedies if key_of(one) == key]
    if sum(one["status"] not in TERMINAL for one in earlier) >= caps.open_per_condition:
        return False
    if is_retired(earlier) or sum(now - one["created_at"] < DAY for one in earlier) >= A_DAY_EACH:
        return False
    return not earlier or (_has_news(finding, earlier) and now >= _next_at(earlier, caps))


def _is_about_heals(finding: Finding, remedies: Sequence[Task]) -> bool:
    """A heal never causes a heal."""
    tasks = [str(one) for one in finding.evidence.get("tasks") or ()]
    ids = {str(one.get("id")) for one in remedies}
    return bool(tasks) and all(one in ids for one in tasks)


def is_retired(earlier: Sequence[Task]) -> bool:
    """Whether heals of this fingerprint have shown that they do not help."""
    return len([one for one in earlier if one.get("effect") == NOT_RECOVERED]) >= RETIRED_AFTER


def _has_news(finding: Finding, earlier: Sequence[Task]) -> bool:
    """Whether it was seen again since the last heal began; a heal cannot undo failures of before."""
    last_at = finding.evidence.get("last_at")
    return last_at is None or last_at > max(one["created_at"] for one in earlier)


def _next_at(earlier: Sequence[Task], caps: Caps) -> float:
    """One cool-down after the first heal of this fingerprint, then twice as long each time, at most a day.

    What was helped once and comes back begins anew.
    """
    last = max(_end(one) for one in earlier)
    helped = max((_end(one) for one in earlier if one.get("effect") == RECOVERED), default=0.0)
    doublings = min(max(0, sum(_end(one) > helped for one in earlier) - 1), 30)
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
        dedup_key=f"{KEY}{issue['id']}:{previous}",
        issue=str(issue["id"]),
        context={
            "condition": finding.condition,
            "fingerprint": finding.fingerprint,
            "issue": str(issue["id"]),
            "message": finding.message,
            "evidence": dict(finding.evidence),
        },
    )
