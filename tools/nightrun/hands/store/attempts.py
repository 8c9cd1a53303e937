"""One row per try of an agent at a task."""

from __future__ import annotations

from nightrun.hands.store.database import Database, Row
from nightrun.words import usage


def begin(db: Database, task: Row, *, now: float) -> None:
    values = {
        "task_id": task["id"],
        "attempt": task["attempt"],
        "runner": task["runner"],
        "agent": task["agent"],
        "model": task["model"],
        "now": now,
    }
    db.run(
        "INSERT INTO attempts (task_id, attempt, runner, agent, model, started_at)"
        " VALUES (:task_id, :attempt, :runner, :agent, :model, :now)",
        values,
    )


def end(db: Database, task: Row, *, now: float, used: object = None) -> None:
    """Write down what the task's current attempt came to, from the task's own columns, and what it used."""
    names = ("id", "attempt", "agent", "model", "outcome", "error_class", "error_summary", "output_chars")
    told = {name: usage.number(used, name) for name in usage.NAMES}
    db.run(
        "UPDATE attempts SET ended_at = :now, agent = :agent, model = :model, outcome = :outcome,"
        " error_class = :error_class, error_summary = :error_summary, output_chars = :output_chars,"
        " cost_usd = :cost_usd, input_tokens = :input_tokens, output_tokens = :output_tokens, turns = :turns"
        " WHERE task_id = :id AND attempt = :attempt AND ended_at IS NULL",
        {"now": now} | {name: task[name] for name in names} | told,
    )


def correct(db: Database, task: Row) -> None:
    """What it came to after all: its change could not land, or a person refused it."""
    names = ("id", "attempt", "outcome", "error_class", "error_summary")
    db.run(
        "UPDATE attempts SET outcome = :outcome, error_class = :error_class, error_summary = :error_summary"
        " WHERE task_id = :id AND attempt = :attempt",
        {name: task[name] for name in names},
    )


def of_task(db: Database, task_id: str) -> list[Row]:
    return db.all("SELECT * FROM attempts WHERE task_id = :id ORDER BY attempt", {"id": task_id})


def ended_last(db: Database, limit: int) -> list[Row]:
    """Newest first, with the type and state of their tasks."""
    return db.all(
        "SELECT a.*, t.task_type, t.status FROM attempts a JOIN tasks t ON t.id = a.task_id"
        " WHERE a.ended_at IS NOT NULL ORDER BY a.ended_at DESC LIMIT :limit",
        {"limit": limit},
    )


def tasks_of_last(db: Database, limit: int) -> list[Row]:
    """What kind of task the attempts were that ended last."""
    return db.all(
        "SELECT t.task_type, t.dedup_key FROM attempts a JOIN tasks t ON t.id = a.task_id"
        " WHERE a.ended_at IS NOT NULL ORDER BY a.ended_at DESC LIMIT :limit",
        {"limit": limit},
    )
