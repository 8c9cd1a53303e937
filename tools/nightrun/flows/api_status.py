"""The routes that tell people and programs how it stands: pages of status, health, fatal issues, Prometheus."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from nightrun.decisions import effectiveness, prometheus
from nightrun.flows import api_answers as answers
from nightrun.flows.api_desk import Answer, AtDesk, Desk
from nightrun.flows.api_monitor import effectiveness_of
from nightrun.hands import state_file, tail
from nightrun.hands.store import issues, metrics, notes, pauses, runners, snapshot, tasks
from nightrun.words import task as words

router = APIRouter(tags=["status"])

SHORT_DIRECTION = 100  # characters
TAIL_LINES = 20
PHASES = ("spec", "impl", "test", "review")
MONITOR_LATE_S = 300.0  # a monitor that did not look for so long is not watching


@router.get("/api/health", response_model=answers.Health)
async def health(desk: AtDesk) -> Answer:
    """The only route without a token. `degraded`: the database could not be used the last time."""
    return Answer(
        {
            "status": "degraded" if desk.db.problem else "ok",
            "version": desk.version,
            "build_id": desk.build_id,
            "started_at": desk.started_at,
            "boot_id": desk.boot_id,
            "timestamp": desk.now(),
        }
    )


@router.get("/api/agent/fatal-issues")
async def fatal(desk: AtDesk) -> Answer:
    """What the supervisor gave up on; `{"fatal": false}` when nothing."""
    return Answer(_fatal(desk))


@router.get("/api/agent/pipeline-status")
async def pipeline(desk: AtDesk) -> Answer:
    """What runs, what waits, what was done last, and what needs attention."""
    now = desk.now()
    running = tasks.select(desk.db, "status = 'running' ORDER BY seq LIMIT 10")
    completed = tasks.newest_finished(desk.db, words.COMPLETED, 10)
    open_conditions = [one["condition"] for one in issues.still_open(desk.db) if one["quiet_since"] is None]
    return Answer(
        {
            "running": [_running_item(desk, one, first=n == 0, now=now) for n, one in enumerate(running)],
            "pending": [
                _item(one, now=now) for one in tasks.select(desk.db, "status = 'pending' ORDER BY seq LIMIT 20")
            ],
            "running_by_phase": _by_phase(desk),
            "recent_completed": [_item(one, now=now) for one in completed],
            "latest_request": _first(_item(one, now=now) for one in tasks.listed(desk.db, limit=1)[0]),
            "latest_response": _latest_response(desk, completed),
            "attention": {**effectiveness.flags(open_conditions), "flags": sorted(set(open_conditions))},
            "project_manager": _plan_or_none(desk),
            "counts": tasks.counts(desk.db)["by_status"],
            "pauses": pauses.active(desk.db, now=now),
            "generated_at": now,
        }
    )


@router.get("/api/agent/status-report")
async def report(desk: AtDesk) -> Answer:
    """One page in four layers: goal, orchestration, execution, attention."""
    layers = {
        "layer_0_goal": _goal(desk),
        "layer_1_orchestration": _orchestration(desk),
        "layer_2_execution": _execution(desk),
        "layer_3_attention": _attention(desk),
    }
    well = [text for layer in layers.values() for text in layer["going_well"]]
    bad = [text for layer in layers.values() for text in layer["needs_attention"]]
    overall = {"status": "needs_attention" if bad else "ok", "going_well": well, "needs_attention": bad}
    return Answer({"generated_at": desk.now(), "overall": overall, **layers})


@router.get("/metrics", response_class=PlainTextResponse)
async def for_prometheus(desk: AtDesk) -> PlainTextResponse:
    """The numbers in Prometheus' text format."""
    now = desk.now()
    facts = {
        "version": desk.version,
        "build_id": desk.build_id,
        "started_at": desk.started_at,
        "counts": tasks.counts(desk.db),
        "window": metrics.window(desk.db, now=now),
        "ready": snapshot.count_ready(desk.db, now=now),
        "issues": issues.still_open(desk.db),
        "pauses": pauses.active(desk.db, now=now),
    }
    return PlainTextResponse(prometheus.text(facts), media_type="text/plain; version=0.0.4")


# -- items


def _item(task: dict[str, Any], *, now: float) -> dict[str, Any]:
    """Times are None when they do not apply."""
    status, start = task["status"], task["started_at"]
    running = now - start if status == words.RUNNING and start else None
    return {
        **{name: task[name] for name in ("id", "task_type", "status", "model", "agent", "created_at", "updated_at")},
        "direction": task["direction"][:SHORT_DIRECTION],
        "wait_seconds": round(now - task["created_at"]) if status == words.PENDING else None,
        "running_seconds": None if running is None else round(running),
        "duration_seconds": None if task["run_seconds"] is None else round(task["run_seconds"]),
        "waiting_reason": task["waiting_reason"],
        "commit_state": task["commit_state"],
    }


def _running_item(desk: Desk, task: dict[str, Any], *, first: bool, now: float) -> dict[str, Any]:
    more: dict[str, Any] = {name: task[name] for name in ("runner", "attempt", "progress_pct", "current_step")}
    if first:
        more["live_tail"] = tail.lines(desk.state.task_log(task["id"], task["attempt"]), TAIL_LINES)
    return _item(task, now=now) | more


def _by_phase(desk: Desk) -> dict[str, int]:
    found = tasks.counts(desk.db)["open_by_task_type"]
    return {phase: found[phase] for phase in PHASES}


def _latest_response(desk: Desk, completed: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not completed:
        return None
    task = tasks.get(desk.db, completed[0]["id"])
    return {"task_id": task["id"], "task_type": task["task_type"], "output": (task["output"] or "")[-2000:]}


def _plan_or_none(desk: Desk) -> dict[str, Any] | None:
    plan: dict[str, Any] = effectiveness_of(desk)["plan_progress"]
    return plan if plan["total"] else None


def _first(items: Any) -> Any:
    return next(iter(items), None)


def _fatal(desk: Desk) -> dict[str, Any]:
    """Its file is removed by the person who has read it."""
    if not desk.state.fatal_issues.exists():
        return {"fatal": False}
    said = state_file.read_object(desk.state.fatal_issues)
    return {**(said or {"reason": "fatal_issues.json cannot be read"}), "fatal": True}


# -- layers of the report


def _layer(well: list[str], bad: list[str], facts: dict[str, Any]) -> dict[str, Any]:
    return {"status": "needs_attention" if bad else "ok", "going_well": well, "needs_attention": bad, **facts}


def _goal(desk: Desk) -> dict[str, Any]:
    facts = effectiveness_of(desk)
    done = facts["throughput"]["completed_7d"]
    rate = metrics.rate_of_window(desk.db, now=desk.now())
    well = [f"{done} tasks completed in 7 days, {facts['success_rate']:.0%} of {rate['total']}"] if done else []
    bad = [] if done or not rate["total"] else [f"none of {rate['total']} tasks of the last 7 days completed"]
    return _layer(well, bad, facts)


def _orchestration(desk: Desk) -> dict[str, Any]:
    now, last = desk.now(), notes.read(desk.db, "last_evaluation")
    known, paused = runners.listed(desk.db), pauses.active(desk.db, now=now)
    late = now - max(last or 0, desk.started_at) > MONITOR_LATE_S
    bad = [f"{one['scope']} is paused by {one['by']}: {one['reason']}" for one in paused]
    if late:
        bad.append(
            "the monitor has not looked yet" if last is None else f"the monitor last looked {now - last:.0f} s ago"
        )
    well = [f"{len(known)} runners known"] if known else []
    facts = {"runners": known, "pauses": paused, "last_evaluation": last, "build_id": desk.build_id}
    return _layer(well if late or last is None else [*well, "the monitor is looking"], bad, facts)


def _execution(desk: Desk) -> dict[str, Any]:
    counts = tasks.counts(desk.db)
    by_status, commits = counts["by_status"], counts["by_commit_state"]
    held = commits[words.COMMIT_HELD] + commits[words.COMMIT_FAILED]
    well = [f"{by_status[words.RUNNING]} running, {by_status[words.PENDING]} waiting"]
    bad = [f"{held} completed changes have not landed"] if held else []
    return _layer(well, bad, {"counts": by_status, "commit_state": commits})


def _attention(desk: Desk) -> dict[str, Any]:
    found, fatal_issue = issues.still_open(desk.db), _fatal(desk)
    undecided = tasks.counts(desk.db)["by_status"][words.NEEDS_DECISION]
    bad = [f"{one['condition']}: {one['message']}" for one in found]
    if undecided:
        bad.append(f"{undecided} tasks need a decision")
    if fatal_issue["fatal"]:
        bad.insert(0, f"fatal: {fatal_issue.get('reason', 'unknown')}")
    well = [] if bad else ["nothing needs a person"]
    return _layer(well, bad, {"issues": found, "needs_decision": undecided, "fatal": fatal_issue})
