"""How a task moves from state to state, and what moves with it. Which moves there are is words.task.MOVES."""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from nightrun.hands.store import attempts, events, sums, tasks
from nightrun.hands.store.database import Database, Row
from nightrun.hands.store.refusals import NotAllowed
from nightrun.words import outcome
from nightrun.words import task as words

OUTPUT_CHARS = 20_000  # of the output's end kept in the row; the whole is in the log file

_ANY_TIME = ("commit_state", "commit_sha", "commit_reason", "branch", "base", "tree", "worktree", "gate", "context")
_WHILE_OPEN = (
    *("output", "progress_pct", "current_step", "decision_prompt", "decision", "outcome", "error_class"),
    *("error_summary", "agent", "model", "ready_at", "waiting_reason", "command", "tier", "priority"),
)
_NEVER_NULL = ("commit_state", "context", "ready_at", "priority")
_ENDED_CLAIM: Row = {
    **{"lease_expires_at": None, "claim_key": None, "stop_requested": 0},
    **{"progress_pct": None, "current_step": None},
}


def patch(db: Database, task_id: str, change: Mapping[str, Any], *, now: float) -> Row:
    """Apply what a runner (with its fencing token) or a person (without) says about a task."""
    with db.write():
        old = tasks.row(db, task_id)
        if _was_delivered(old, change):
            return tasks.to_json(old)
        _check_claim(old, change)
        target = _target(old, change)
        values = _edited(old, change)
        if target is not None:
            values |= _moved(old, {**change, **values}, target, now=now)
        new = save(db, old, values, now=now)
        _follow(db, old, new, used=change.get("usage"), now=now)
    return tasks.to_json(new)


def reopen(
    db: Database,
    task_id: str,
    reason: str,
    *,
    error_class: str = "conflict",
    costs_attempt: bool = True,
    question: str | None = None,
    now: float,
) -> Row:
    """A completed task whose change could not be landed, or that a person refused, goes back to work.

    `question`: it was tried often enough, and a person is asked this first.
    """
    with db.write():
        old = tasks.row(db, task_id)
        if old["status"] != words.COMPLETED or old["commit_state"] not in words.UNLANDED:
            raise NotAllowed(
                f"Only a completed task whose change is not landed can be reopened; this one is {old['status']},"
                f" its change {old['commit_state']}.",
                status=old["status"],
                allowed=words.MOVES[old["status"]],
            )
        sums.record(db, old, sign=-1)
        values = {
            "status": words.NEEDS_DECISION if question else words.PENDING,
            "decision_prompt": question or old["decision_prompt"],
            "decision": None if question else old["decision"],
            "fencing_token": old["fencing_token"] + 1,
            "failures": old["failures"] + int(costs_attempt),
            "outcome": error_class,
            "error_class": error_class,
            "error_summary": events.one_line(reason),
            "commit_state": words.COMMIT_NONE,
            "commit_sha": None,
            "commit_reason": None,
            "ready_at": now,
            "finished_at": None,
        }
        new = save(db, old, values, now=now)
        attempts.correct(db, new)
        what = ("needs_decision", question) if question else ("reopened", f"back to work: {reason}")
        events.add(db, task_id, what[0], events.one_line(what[1]), now=now)
        tasks.refresh_dependents(db, task_id, now=now)
    return tasks.to_json(new)


def save(db: Database, old: Row, values: Mapping[str, Any], *, now: float) -> Row:
    """Write the columns that differ; the row as it is then."""
    changed = {name: value for name, value in values.items() if old[name] != value}
    sets = ", ".join(f"{name} = :{name}" for name in changed)
    db.run(
        f"UPDATE tasks SET {sets + ', ' if sets else ''}updated_at = :updated_at WHERE seq = :seq",
        {**changed, "updated_at": now, "seq": old["seq"]},
    )
    return {**old, **changed, "updated_at": now}


# -- may it


def _was_delivered(old: Row, change: Mapping[str, Any]) -> bool:
    """The same runner said the same end before, and its answer got lost: results are delivered again."""
    if old["status"] == words.RUNNING or change.get("status") != old["status"]:
        return False
    return bool(change.get("fencing_token") == old["fencing_token"])


def _check_claim(old: Row, change: Mapping[str, Any]) -> None:
    token = change.get("fencing_token")
    if token is None:
        return
    if token != old["fencing_token"]:
        raise refused(old, f"This claim is lost: token {token}, the task is at {old['fencing_token']}.")
    moves = change.get("status") not in (None, old["status"])
    if moves and old["status"] in (words.PENDING, words.NEEDS_DECISION):
        raise refused(old, f"This claim is over: the task is {old['status']}.")


def _target(old: Row, change: Mapping[str, Any]) -> str | None:
    """The state it shall move to, None to stay; raises when there is no such state or move."""
    target: str | None = change.get("status")
    if target is None and change.get("decision") is not None:
        if old["status"] != words.NEEDS_DECISION:
            raise refused(old, f"Only a task that needs a decision takes one; this one is {old['status']}.")
        return words.PENDING
    if target is None:
        return None
    if target == old["status"] == words.RUNNING and "fencing_token" in change:
        return None
    if target not in words.STATUSES:
        raise refused(old, f"There is no status {target!r}.")
    if target not in words.MOVES[old["status"]]:
        raise refused(old, f"A task that is {old['status']} cannot become {target}.")
    return target


def refused(old: Row, message: str) -> NotAllowed:
    return NotAllowed(message, status=old["status"], allowed=words.MOVES[old["status"]])


# -- what it changes


def _edited(old: Row, change: Mapping[str, Any]) -> Row:
    """The columns that the change names, checked against what may still change."""
    given = {k: v for k, v in change.items() if not (v is None and k in _NEVER_NULL)}
    values = {name: given[name] for name in _ANY_TIME + _WHILE_OPEN if name in given}
    if old["status"] in words.TERMINAL:
        late = [name for name in values if name in _WHILE_OPEN] + [n for n in ("stop",) if n in given]
        if late:
            raise refused(old, f"A task that is {old['status']} does not change any more ({', '.join(late)}).")
    _check_landed(old, values)
    if "output" in values:
        text = values["output"] or ""
        values |= {"output": values["output"] and text[-OUTPUT_CHARS:], "output_chars": len(text.strip())}
    if values.get("error_summary"):
        values["error_summary"] = events.one_line(values["error_summary"])
    if "gate" in values:
        values["gate"] = None if values["gate"] is None else json.dumps(values["gate"], ensure_ascii=False)
    if "context" in values:
        values["context"] = _merged(old["context"], values["context"])
    if "stop" in given:
        values["stop_requested"] = int(bool(given["stop"]))
    if "agent" in values and "fencing_token" not in given:
        values["wants_agent"] = None if values["agent"] == "auto" else values["agent"]
    return values


def _check_landed(old: Row, values: Row) -> None:
    if old["commit_state"] == words.COMMIT_LANDED and values.get("commit_state", old["commit_state"]) != "landed":
        raise refused(old, "The change of this task has landed; that does not change any more.")


def _merged(old: str, new: Mapping[str, Any]) -> str:
    """Key by key; a null takes the key away."""
    both = {**json.loads(old), **new}
    return json.dumps({k: v for k, v in both.items() if v is not None}, ensure_ascii=False)


def _moved(old: Row, change: Mapping[str, Any], target: str, *, now: float) -> Row:
    values: Row = {"status": target}
    if old["status"] == words.RUNNING:
        values |= _ENDED_CLAIM | {"run_seconds": ran(old, now=now), "reclaims": 0}
        values["outcome"] = change.get("outcome") or change.get("error_class")
        values |= {name: change.get(name) for name in ("error_class", "error_summary")}
        values["failures"] = old["failures"] + int(_costs_attempt(change, target))
        if "fencing_token" not in change:
            values["fencing_token"] = old["fencing_token"] + 1
    return values | _ARRIVALS[target](old, change, now)


def ran(old: Row, *, now: float) -> float:
    """Seconds of the attempt that ends now; the wall clock may have gone back meanwhile."""
    return max(0.0, now - float(old["started_at"] or now))


def _costs_attempt(change: Mapping[str, Any], target: str) -> bool:
    if change.get("costs_attempt") is not None:
        return bool(change["costs_attempt"])
    return target != words.COMPLETED and change.get("error_class") in outcome.TASK_FAULTS


def _to_running(old: Row, change: Mapping[str, Any], now: float) -> Row:
    """A claim by hand: it has no lease, so it does not run out."""
    return started(old, now=now) | {"runner": None, "runner_pid": None, "runner_boot_id": None}


def started(old: Row, *, now: float) -> Row:
    """What every claim does to a task."""
    return {
        "status": words.RUNNING,
        "attempt": old["attempt"] + 1,
        "fencing_token": old["fencing_token"] + 1,
        "started_at": now,
        "run_seconds": None,
        "waiting_reason": None,
        "stop_requested": 0,
        "progress_pct": None,
        "current_step": None,
        "output_chars": 0,
    }


def _to_completed(old: Row, change: Mapping[str, Any], now: float) -> Row:
    said = change.get("outcome") or outcome.COMPLETED
    return {"outcome": said, "waiting_reason": change.get("waiting_reason"), "finished_at": now}


def _to_failed(old: Row, change: Mapping[str, Any], now: float) -> Row:
    was_running = old["status"] == words.RUNNING
    last = None if was_running else old["error_class"]
    kind = change.get("error_class") or last or ("agent" if was_running else "interrupted")
    said = change.get("error_summary") or (None if was_running else old["error_summary"])
    summary = said or ("failed without saying why" if was_running else "ended by a person")
    return {
        "error_class": kind,
        "error_summary": summary,
        "outcome": change.get("outcome") or kind,
        "waiting_reason": None,
        "finished_at": now,
    }


def _to_pending(old: Row, change: Mapping[str, Any], now: float) -> Row:
    values: Row = {"ready_at": change.get("ready_at") or now, "waiting_reason": change.get("waiting_reason")}
    if old["status"] == words.RUNNING:
        values["outcome"] = change.get("outcome") or change.get("error_class") or "interrupted"
    else:
        # A person's answer is a fresh start: attempts and lost runners count anew.
        values |= {"failures": 0, "reclaims": 0}
    return values


def _to_needs_decision(old: Row, change: Mapping[str, Any], now: float) -> Row:
    return {"decision": None, "waiting_reason": None}


_ARRIVALS = {
    words.RUNNING: _to_running,
    words.COMPLETED: _to_completed,
    words.FAILED: _to_failed,
    words.PENDING: _to_pending,
    words.NEEDS_DECISION: _to_needs_decision,
}


# -- what follows from it


def _follow(db: Database, old: Row, new: Row, *, used: object, now: float) -> None:
    moved = old["status"] != new["status"]
    if moved and old["status"] == words.RUNNING:
        attempts.end(db, new, now=now, used=used)
    if moved and new["status"] == words.RUNNING:
        attempts.begin(db, new, now=now)
    if moved and new["status"] in words.TERMINAL:
        sums.record(db, new)
    if moved:
        events.add(db, new["id"], *events.of_move(old, new), now=now)
    elif old["commit_state"] != new["commit_state"]:
        events.add(db, new["id"], *events.of_change(new), now=now)
    if new["status"] in words.TERMINAL:
        tasks.refresh_dependents(db, new["id"], now=now)
