"""One row per move of a task: what happened when, in words."""

from __future__ import annotations

from nightrun.hands.store.database import Database, Row

LONGEST_TEXT = 500  # characters


def add(db: Database, task_id: str, kind: str, text: str, *, now: float) -> None:
    values = {"task_id": task_id, "at": now, "kind": kind, "text": text[:LONGEST_TEXT]}
    db.run("INSERT INTO events (task_id, at, kind, text) VALUES (:task_id, :at, :kind, :text)", values)


def of_task(db: Database, task_id: str) -> list[Row]:
    """Oldest first."""
    return db.all("SELECT at, kind, text FROM events WHERE task_id = :id ORDER BY seq", {"id": task_id})
