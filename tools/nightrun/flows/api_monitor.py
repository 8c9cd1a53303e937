"""The routes of the monitor: what it looks at, what it found, and the numbers made of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from nightrun.decisions import effectiveness, progress, statistics
from nightrun.decisions.effect import tally
from nightrun.flows import api_answers as answers
from nightrun.flows import api_bodies as bodies
from nightrun.flows.api_desk import Answer, AtDesk, Desk
from nightrun.hands import clock
from nightrun.hands.store import effects, issues, metrics, notes, runners, snapshot, spent, suggestions, tasks
from nightrun.hands.store.database import Row

router = APIRouter(prefix="/api/agent", tags=["monitor"])

Days = Annotated[int, Query(ge=1, le=90)]
_NO_PLAN = {"index": 0, "total": 0, "pct": 0.0, "state_file": None}


@router.get("/snapshot")
async def look(desk: AtDesk) -> Answer:
    """Everything conditions look at, in one look."""
    disk = clock.disk(desk.state.path)
    return Answer(
        {
            **snapshot.take(desk.db, now=desk.now()),
            "started_at": desk.started_at,
            "build_id": desk.build_id,
            "disk_free_bytes": disk.free,
            "disk_total_bytes": disk.total,
            "disk_free_inodes": disk.inodes_free,
            "disk_total_inodes": disk.inodes_total,
        }
    )


@router.get("/issues-state")
async def state(desk: AtDesk) -> Answer:
    """What each condition said in the last look and since when, with the issues that are open."""
    last = notes.read(desk.db, "last_evaluation")
    return Answer({"conditions": issues.states(desk.db), "issues": issues.still_open(desk.db), "last_check": last})


@router.post("/monitor-issues")
async def found(desk: AtDesk, body: bodies.Look) -> Answer:
    """All findings of one look: what fires is opened, counted or reopened, what does not is resolved."""
    return Answer(issues.look(desk.db, [one.model_dump() for one in body.findings], whole=body.whole, now=desk.now()))


@router.get("/monitor-issues")
async def shown(desk: AtDesk) -> Answer:
    last = notes.read(desk.db, "last_evaluation")
    suggested = suggestions.listed(desk.db, now=desk.now())
    resolved = _with_suggested(issues.resolved_since(desk.db, 0), suggested)
    return Answer(
        {
            "issues": _with_suggested(issues.still_open(desk.db), suggested),
            "last_check": last,
            "resolved": resolved,
            "resolved_since_last": [one for one in resolved if one["resolved_at"] == last],
            "history": issues.history(desk.db),
            "suggested": suggested,
        }
    )


def _with_suggested(found: list[Row], suggested: list[Row]) -> list[Row]:
    """Each with the items that its heals suggested, their tasks, commits and effect."""
    return [{**one, "suggested_tasks": suggestions.of_issue(suggested, one)} for one in found]


@router.patch("/issues/{issue_id}", responses={404: {"model": answers.Refusal}})
async def change(desk: AtDesk, issue_id: str, body: bodies.IssueChange) -> Answer:
    """Write down which heal task an issue asked for."""
    return Answer(issues.link_heal(desk.db, issue_id, body.heal_task_id))


@router.get("/metrics", response_model=answers.Metrics)
async def numbers(desk: AtDesk, window_days: Days = 7) -> Answer:
    """How the tasks of the last days went: heals are shown but not in the rate, environment faults not counted."""
    return Answer(metrics.window(desk.db, now=desk.now(), days=window_days))


@router.get("/effectiveness")
async def effect(desk: AtDesk) -> Answer:
    """How near the goal is: throughput, rate, issues, plan."""
    return Answer({**effectiveness_of(desk), "progress_to_goal": _progress(desk)})


def effectiveness_of(desk: Desk) -> dict[str, Any]:
    now = desk.now()
    rate = metrics.rate_of_window(desk.db, now=now)
    per_day = round(rate["completed"] / 7, 2)
    open_issues = issues.still_open(desk.db)
    seen = sum(one["quiet_since"] is None for one in open_issues)
    counts = tasks.counts(desk.db)
    return {
        "throughput": {"completed_7d": rate["completed"], "tasks_per_day": per_day},
        "success_rate": rate["rate"],
        "issues": {
            "open": len(open_issues),
            "quiet": len(open_issues) - seen,
            "resolved_7d": issues.count_resolved_since(desk.db, now - 7 * metrics.DAY),
        },
        "progress": counts["completed_by_task_type"],
        "plan_progress": _plan(desk),
        "goal_proximity": effectiveness.goal_proximity(rate["rate"], per_day, seen),
        "heal_resolved_count": issues.healed(desk.db),
        "top_issues_by_priority": [
            {name: one[name] for name in ("condition", "severity", "message")} for one in open_issues[:5]
        ],
        "commit_state": counts["by_commit_state"],
        "success_rate_of": statistics.judged(statistics.Count(rate["completed"], rate["total"])),
        "heals": _heals(desk, now),
    }


def _heals(desk: Desk, now: float) -> dict[str, Any]:
    """What became of issues with a heal and, beside them, of those without one."""
    healed = effects.of_heals(desk.db, snapshot.heals(desk.db), now=now)
    alone = effects.untreated(desk.db, now=now)
    return {
        "treated": tally(one["effect"] for one in healed),
        "untreated": tally(one["effect"] for one in alone),
        "last": healed,
        "last_untreated": alone,
    }


def _progress(desk: Desk) -> dict[str, Any]:
    """How far the backlog is, how fast it goes and when it will be done."""
    now, told = desk.now(), _told(desk)
    found, known_since = desk.ended.read(desk.db, now=now, days=progress.SPANS[-1])
    return progress.make(
        found,
        plan=told["details"]["plan"] if told else None,
        rate=metrics.rate_of_window(desk.db, now=now),
        used=spent.ended_since(desk.db, now - progress.SPANS[0] * progress.DAY, now=now),
        known_since=known_since,
        now=now,
        as_of=told["at"] if told else None,
    )


def _plan(desk: Desk) -> dict[str, Any]:
    told = _told(desk)
    return {**_NO_PLAN, **(told["details"]["plan"] if told else {})}


def _told(desk: Desk) -> Row | None:
    """The runner that was the last to say something about the backlog."""
    told = [one for one in runners.listed(desk.db) if isinstance(one["details"].get("plan"), dict)]
    return max(told, key=lambda one: float(one["at"]), default=None)
