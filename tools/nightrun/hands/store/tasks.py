"""Tasks: adding, finding, listing and counting them. How they move is in moves.py and claims.py."""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from nightrun.hands.store import events, ids
from nightrun.hands.store.database import Database, Row
from nightrun.hands.store.refusals import Invalid, NotFound
from nightrun.words import task as words

LIST_DIRECTION_CHARS = 10_000  # of a direction in a list; one task alone shows all of it
JSON_COLUMNS = ("context", "depends_on", "gate")
SATISFIED = "status = 'completed' AND commit_state IN ('landed', 'none')"
# The text that the partial index tasks_unlanded was made with: SQLite takes it only for the same words.
UNLANDED = "status = 'completed' AND commit_state IN ('pending', 'committed', 'held', 'failed')"

_NAMES = tuple(field.name for field in fields(words.Task))
_MORE = ("output_chars", "reclaims", "run_seconds", "stop_requested")
_LEFT_OUT_OF_LISTS = ("output", "command", "direction")
_LIST_COLUMNS = ", ".join(
    [name for name in _NAMES + _MORE if name not in _LEFT_OUT_OF_LISTS]
    + [f"substr(direction, 1, {LIST_DIRECTION_CHARS}) AS direction"]
)


def add(
    db: Database,
    *,
    direction: str,
    task_type: str,
    now: float,
    priority: int = 0,
    depends_on: Sequence[str] = (),
    context: Mapping[str, Any] | None = None,
    dedup_key: str | None = None,
    agent: str | None = None,
    model: str | None = None,
    ready_at: float | None = None,
) -> tuple[Row, bool]:
    """The new task and True, or the one that has this dedup_key already and False."""
    with db.write():
        known = _by_dedup_key(db, dedup_key)
        if known:
            return known, False
        task_id = ids.after(db.value("SELECT max(id) FROM tasks"), now)
        unmet = _unmet(db, depends_on)
        values = {
            "id": task_id,
            "task_type": task_type,
            "priority": priority,
            "unmet": len(unmet),
            "ready_at": now if ready_at is None else ready_at,
            "wants_agent": None if agent == "auto" else agent,
            "agent": None if agent == "auto" else agent,
            "model": model,
            "dedup_key": dedup_key,
            "waiting_reason": f"waits for {', '.join(unmet)}" if unmet else None,
            "context": json.dumps(dict(context or {}), ensure_ascii=False),
            "depends_on": json.dumps(list(depends_on)),
            "direction": direction,
            "now": now,
        }
        db.run(
            "INSERT INTO tasks (id, task_type, status, priority, unmet, ready_at, wants_agent, agent, model, dedup_key,"
            " waiting_reason, context, depends_on, direction, created_at, updated_at) VALUES (:id, :task_type,"
            " 'pending', :priority, :unmet, :ready_at, :wants_agent, :agent, :model, :dedup_key, :waiting_reason,"
            " :context, :depends_on, :direction, :now, :now)",
            values,
        )
        for needed in depends_on:
            db.run("INSERT INTO dependencies VALUES (:id, :needed)", {"id": task_id, "needed": needed})
        events.add(db, task_id, "added", f"added as {task_type}", now=now)
    return row(db, task_id), True


def row(db: Database, task_id: str) -> Row:
    """The whole row, for the store itself."""
    found = db.one("SELECT * FROM tasks WHERE id = :id", {"id": task_id})
    if found is None:
        raise NotFound("Task not found")
    return found


def to_json(found: Row) -> Row:
    """A row as the API shows it: the fields of words.task.Task and a few more."""
    shown = {name: found[name] for name in _NAMES + _MORE if name in found}
    for name in JSON_COLUMNS:
        if isinstance(shown.get(name), str):
            shown[name] = json.loads(shown[name])
    shown["stop_requested"] = bool(shown.get("stop_requested"))
    return shown


def get(db: Database, task_id: str) -> Row:
    return to_json(row(db, task_id))


def listed(
    db: Database,
    *,
    status: str | None = None,
    task_type: str | None = None,
    limit: int = 20,
    offset: int = 0,
    newest_first: bool = True,
) -> tuple[list[Row], int]:
    """A page without output and command, and how many there are in all."""
    filters = {"status": status, "task_type": task_type}
    where = " AND ".join(f"{name} = :{name}" for name, value in filters.items() if value is not None) or "1"
    order = "DESC" if newest_first else "ASC"
    page = select(
        db,
        f"{where} ORDER BY seq {order} LIMIT :limit OFFSET :offset",
        {
            **filters,
            "limit": limit,
            "offset": offset,
        },
    )
    total = db.value(f"SELECT sum(n) FROM counts WHERE {where}", filters)
    return page, int(total or 0)


def select(db: Database, rest: str, params: Mapping[str, Any] | None = None, *, index: str = "") -> list[Row]:
    """List items for what follows WHERE; `index` is named where the planner would search the history instead."""
    table = f"tasks INDEXED BY {index}" if index else "tasks"
    return [to_json(one) for one in db.all(f"SELECT {_LIST_COLUMNS} FROM {table} WHERE {rest}", params)]


def with_output(db: Database, statuses: Sequence[str], limit: int) -> list[Row]:
    """The newest tasks of each status in this order, with their output."""
    found: list[Row] = []
    for status in statuses:
        sql = f"SELECT output, {_LIST_COLUMNS} FROM tasks WHERE status = :status ORDER BY seq DESC LIMIT :limit"
        found += [to_json(one) for one in db.all(sql, {"status": status, "limit": limit - len(found)})]
    return found


def newest_finished(db: Database, status: str, limit: int) -> list[Row]:
    """Those that ended last, newest first."""
    rest = "finished_at IS NOT NULL AND status = :status ORDER BY finished_at DESC LIMIT :limit"
    return select(db, rest, {"status": status, "limit": limit}, index="tasks_finished")


def counts(db: Database) -> dict[str, dict[str, int]]:
    """How many tasks there are by status, by type, by type while waiting or running, and so on."""
    shown: dict[str, dict[str, int]] = {
        "by_status": dict.fromkeys(words.STATUSES, 0),
        "by_task_type": dict.fromkeys(words.TASK_TYPES, 0),
        "open_by_task_type": dict.fromkeys(words.TASK_TYPES, 0),
        "completed_by_task_type": dict.fromkeys(words.TASK_TYPES, 0),
        "by_commit_state": dict.fromkeys(words.COMMIT_STATES, 0),
    }
    for one in db.all("SELECT * FROM counts WHERE n > 0"):
        shown["by_status"][one["status"]] += one["n"]
        shown["by_task_type"][one["task_type"]] += one["n"]
        if one["status"] in (words.PENDING, words.RUNNING):
            shown["open_by_task_type"][one["task_type"]] += one["n"]
        if one["status"] == words.COMPLETED:
            shown["completed_by_task_type"][one["task_type"]] += one["n"]
            shown["by_commit_state"][one["commit_state"]] += one["n"]
    return shown


def refresh_dependents(db: Database, task_id: str, *, now: float) -> None:
    """Bring the tasks that need this one up to date: how many needs are unmet, since when ready, why waiting."""
    params = {"id": task_id, "now": now}
    mine = "id IN (SELECT task_id FROM dependencies WHERE needs = :id)"
    missing = (
        "FROM dependencies d JOIN tasks n ON n.id = d.needs WHERE d.task_id = tasks.id"
        " AND NOT (n.status = 'completed' AND n.commit_state IN ('landed', 'none'))"
    )
    db.run(
        "UPDATE tasks SET unmet = 0, waiting_reason = NULL, ready_at = max(ready_at, :now)"
        f" WHERE {mine} AND unmet > 0 AND NOT EXISTS (SELECT 1 {missing})",
        params,
    )
    db.run(
        f"UPDATE tasks SET unmet = (SELECT count(*) {missing}),"
        f" waiting_reason = 'waits for ' || (SELECT group_concat(d.needs, ', ') {missing})"
        f" WHERE {mine} AND status = 'pending' AND EXISTS (SELECT 1 {missing})",
        params,
    )
    db.run(
        "UPDATE tasks SET waiting_reason = 'needs ' || :id || ', which failed' WHERE status = 'pending'"
        f" AND {mine} AND EXISTS (SELECT 1 FROM tasks n WHERE n.id = :id AND n.status = 'failed')",
        params,
    )


def _by_dedup_key(db: Database, key: str | None) -> Row | None:
    if key is None:
        return None
    return db.one("SELECT * FROM tasks WHERE dedup_key = :key", {"key": key})


def _unmet(db: Database, depends_on: Sequence[str]) -> list[str]:
    """Those of `depends_on` that are not completed and landed; one that does not exist is refused."""
    unmet = []
    for needed in depends_on:
        found = db.one(f"SELECT {SATISFIED} AS done FROM tasks WHERE id = :id", {"id": needed})
        if found is None:
            raise Invalid("depends_on", f"There is no task {needed!r} to depend on.")
        if not found["done"]:
            unmet.append(needed)
    return unmet
