"""Claims: who works on a task, for how long, and what becomes of it when they go away (reliability.md D8)."""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nightrun.decisions import heal
from nightrun.hands.store import attempts, events, moves, notes, pauses, runners, sums, tasks
from nightrun.hands.store.database import Database, Row
from nightrun.words import task as words

LEASE_S = 180.0
MOST_RECLAIMS = 3  # the third runner that goes away with a task is the last
LATELY = 20  # attempts that ended last, of which heals may be a share
CLOCK_JUMP_S = 5.0  # differences below are the clock being set right a little
# Named, so that it is never the history that is searched, whatever the statistics of the tables say.
_TASKS = "tasks INDEXED BY tasks_ready"
_READY = "status = 'pending' AND unmet = 0 AND ready_at <= :now"


def claim(
    db: Database,
    *,
    runner: str,
    agents: Sequence[str],
    now: float,
    types: Sequence[str] | None = None,
    pid: int | None = None,
    boot_id: str | None = None,
    start_time: float | None = None,
    claim_key: str | None = None,
    heal_share: float = 1.0,
) -> Row | None:
    """The first ready task, leased to this runner; None when there is none it may have.

    Heals wait while they are more than `heal_share` of the tasks started lately and other work is ready.
    """
    who = {"runner": runner, "runner_pid": pid, "runner_boot_id": boot_id, "runner_start_time": start_time}
    with db.write():
        runners.seen(db, who, now=now)
        again = _answered_before(db, claim_key)
        if again is not None:
            return tasks.to_json(again)
        _put_back_of_the_dead(db, who, now=now)
        closed = pauses.active(db, now=now)
        if any(one["scope"] == pauses.INTAKE for one in closed):
            return None
        _explain_waiting(db, agents, types, closed, now=now)
        found = _first_ready(db, _usable(agents, closed), types, now=now)
        if found is not None and _is_heal(found) and _is_over_share(db, heal_share):
            found = _first_ready(db, _usable(agents, closed), types, now=now, instead_of=found) or found
        if found is None:
            return None
        lease = {"lease_expires_at": now + LEASE_S, "claim_key": claim_key}
        new = moves.save(db, found, moves.started(found, now=now) | who | lease, now=now)
        attempts.begin(db, new, now=now)
        events.add(db, new["id"], "claimed", f"attempt {new['attempt']} by {runner}", now=now)
        runners.took(db, runner, new["id"], now=now)
    return tasks.to_json(new)


def next_ready_at(db: Database, *, now: float) -> float | None:
    """When a task that only waits for its time will be ready, None when there is none."""
    sql = f"SELECT min(ready_at) FROM {_TASKS} WHERE status = 'pending' AND unmet = 0 AND ready_at > :now"
    when = db.value(sql, {"now": now})
    return None if when is None else float(when)


def wake(db: Database, agent: str, *, now: float) -> int:
    """The pause of an agent ended before its time: what was put off because of it is ready now; how many."""
    with db.write():
        return db.run(
            f"UPDATE {_TASKS} SET ready_at = :now WHERE status = 'pending' AND unmet = 0 AND ready_at > :now"
            " AND instr(waiting_reason || ';', :said) > 0",
            {"now": now, "said": f"agent {agent} is paused;"},
        )


def heartbeat(db: Database, task_id: str, token: int, progress: Mapping[str, Any], *, now: float) -> Row:
    """Renew the lease: {lease_expires_at, stop}."""
    with db.write():
        old = tasks.row(db, task_id)
        if old["status"] != words.RUNNING or old["fencing_token"] != token:
            raise moves.refused(old, f"This claim is lost: the task is {old['status']}, token {old['fencing_token']}.")
        lease = {} if old["lease_expires_at"] is None else {"lease_expires_at": now + LEASE_S}
        new = moves.save(db, old, {**progress, **lease}, now=now)
    return {"lease_expires_at": new["lease_expires_at"], "stop": bool(new["stop_requested"])}


# -- what becomes of a claim whose runner is gone


def reclaim(db: Database, is_gone: Callable[[Row], bool], *, now: float) -> list[str]:
    """Put back the leased tasks whose lease ran out or whose runner is known to be gone; their ids."""
    taken = []
    with db.write():
        for old in _leased(db):
            if old["lease_expires_at"] <= now or is_gone(old):
                _put_back(db, old, now=now)
                taken.append(old["id"])
    return taken


def _put_back_of_the_dead(db: Database, who: Row, *, now: float) -> None:
    """Of the process that bore this runner's name before: on one machine only one has it at a time."""
    if who["runner_pid"] is None or who["runner_boot_id"] is None:
        return
    for old in _leased(db):
        is_same = (old["runner"], old["runner_boot_id"]) == (who["runner"], who["runner_boot_id"])
        if is_same and old["runner_pid"] != who["runner_pid"]:
            _put_back(db, old, now=now)


def renew(db: Database, is_alive: Callable[[Row], bool], *, now: float) -> None:
    """After an outage of the API: nobody could renew, so runners that are alive keep their claims."""
    with db.write():
        for old in _leased(db):
            if is_alive(old):
                moves.save(db, old, {"lease_expires_at": max(old["lease_expires_at"], now + LEASE_S)}, now=now)


def follow_clock(db: Database, *, wall: float, steady: float, boot_id: str) -> float:
    """Move the leases along when the wall clock jumped or the machine slept; by how many seconds.

    `steady` is a clock that nobody sets and that stands still during sleep, so a lease only ever runs out by time in
    which its runner could have renewed it (reliability.md D10).
    """
    known = notes.read(db, "clock") or {}
    offset = wall - steady
    jump = offset - known["offset"] if known.get("boot_id") == boot_id else 0.0
    if known.get("boot_id") == boot_id and abs(jump) < CLOCK_JUMP_S:
        return 0.0
    with db.write():
        notes.write(db, "clock", {"boot_id": boot_id, "offset": offset})
        for old in _leased(db) if jump else []:
            moves.save(db, old, {"lease_expires_at": old["lease_expires_at"] + jump}, now=wall)
    return jump


def _leased(db: Database) -> list[Row]:
    return db.all("SELECT * FROM tasks WHERE status = 'running' AND lease_expires_at IS NOT NULL")


def _put_back(db: Database, old: Row, *, now: float) -> None:
    reclaims = old["reclaims"] + 1
    why = f"{old['runner'] or 'its runner'} went away during attempt {old['attempt']}"
    values = {
        "status": words.PENDING,
        "fencing_token": old["fencing_token"] + 1,
        "reclaims": reclaims,
        "ready_at": now,
        "lease_expires_at": None,
        "claim_key": None,
        "outcome": "interrupted",
        "error_class": "interrupted",
        "error_summary": why,
        "run_seconds": moves.ran(old, now=now),
    }
    if reclaims >= MOST_RECLAIMS:
        values["status"] = words.NEEDS_DECISION
        values["decision"] = None
        values["decision_prompt"] = (
            f"{reclaims} runners in a row went away while they worked on this task, so it may be what stops them."
            " Look at its log; any answer puts it back to work."
        )
    new = moves.save(db, old, values, now=now)
    attempts.end(db, new, now=now)
    events.add(db, old["id"], "reclaimed", f"{why}; now {new['status']}", now=now)


# -- choosing


def _answered_before(db: Database, claim_key: str | None) -> Row | None:
    if claim_key is None:
        return None
    return db.one("SELECT * FROM tasks WHERE status = 'running' AND claim_key = :key", {"key": claim_key})


def _is_heal(task: Row) -> bool:
    return task["task_type"] == sums.HEAL or str(task["dedup_key"] or "").startswith(heal.KEY)


def _is_over_share(db: Database, share: float) -> bool:
    """By the claim as well as when heals are added: those that wait must not come in a row (reliability.md A8)."""
    started = [
        *db.all("SELECT task_type, dedup_key FROM tasks WHERE status = 'running'"),
        *attempts.tasks_of_last(db, LATELY),
    ]
    return sum(map(_is_heal, started)) >= heal.share_of(share, len(started))


def _first_ready(
    db: Database,
    agents: Sequence[str],
    types: Sequence[str] | None,
    *,
    now: float,
    instead_of: Row | None = None,
) -> Row | None:
    """`instead_of`: a heal that waits for work that is no less urgent. A red target is repaired before all of it."""
    if not agents or types == []:  # an empty list has no index to look in
        return None
    in_agents, params = _in("a", agents)
    where = f"{_READY} AND (wants_agent IS NULL OR wants_agent IN ({in_agents}))"
    if types is not None:
        in_types, more = _in("t", types)
        where, params = f"{where} AND task_type IN ({in_types})", {**params, **more}
    if instead_of is not None:
        where += (
            f" AND priority >= :least AND task_type <> '{sums.HEAL}'"
            f" AND (dedup_key IS NULL OR dedup_key NOT LIKE '{heal.KEY}%')"
        )
        params = {**params, "least": instead_of["priority"]}
    sql = f"SELECT * FROM {_TASKS} WHERE {where} ORDER BY priority DESC, seq LIMIT 1"
    return db.one(sql, {**params, "now": now})


def _explain_waiting(
    db: Database,
    agents: Sequence[str],
    types: Sequence[str] | None,
    closed: Sequence[Row],
    *,
    now: float,
) -> None:
    """Say at each ready task that this runner must pass by why it waits; take the words away when it need not."""
    groups = f"SELECT DISTINCT wants_agent, task_type, waiting_reason FROM {_TASKS} WHERE {_READY}"
    for one in db.all(groups, {"now": now}):
        reason = _reason(one["wants_agent"], one["task_type"], agents, types, closed)
        if reason != one["waiting_reason"]:
            db.run(
                f"UPDATE {_TASKS} SET waiting_reason = :reason WHERE {_READY} AND wants_agent IS :wants_agent"
                " AND task_type = :task_type AND waiting_reason IS :waiting_reason",
                {**one, "reason": reason, "now": now},
            )


def _reason(
    wanted: str | None, task_type: str, agents: Sequence[str], types: Sequence[str] | None, closed: Sequence[Row]
) -> str | None:
    if types is not None and task_type not in types:
        shut = [f"{one['scope'].replace(':', ' ')} is paused: {one['reason']}" for one in closed]
        return "; ".join((f"no agent that does {task_type} tasks is available here", *shut[:1]))
    if wanted is None:
        if _usable(agents, closed):
            return None
        return "every agent is paused" if agents else "no agent is available here"
    if wanted not in agents:
        return f"needs agent {wanted}, which is not available here"
    reasons = [one["reason"] for one in closed if one["scope"] == f"agent:{wanted}"]
    return f"agent {wanted} is paused: {reasons[0]}" if reasons else None


def _usable(agents: Sequence[str], closed: Sequence[Row]) -> list[str]:
    shut = {one["scope"] for one in closed}
    return [name for name in agents if f"agent:{name}" not in shut]


def _in(prefix: str, values: Sequence[str]) -> tuple[str, dict[str, str]]:
    params = {f"{prefix}{n}": value for n, value in enumerate(values)}
    return ", ".join(f":{name}" for name in params), params
