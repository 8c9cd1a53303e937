"""The tasks that ended in the last days, with what tells how far the backlog is."""

from __future__ import annotations

import json

from nightrun.hands.store.database import Database, Row

DAY = 86_400.0
MOST = 3_000  # the newest; with more, fewer days are known, and the API answers others soon
_FIELDS = "id, task_type, status, attempt, commit_state, finished_at, context"


def lately(db: Database, *, now: float, days: int) -> tuple[list[Row], float | None]:
    """Newest first, and since when all of them are here; None when there was never a task."""
    began = db.value("SELECT created_at FROM tasks ORDER BY seq LIMIT 1")
    if began is None:
        return [], None
    sql = (
        f"SELECT {_FIELDS} FROM tasks INDEXED BY tasks_finished WHERE finished_at >= :since"  # noqa: S608
        " ORDER BY finished_at DESC LIMIT :most"
    )
    since = now - days * DAY
    rows = db.all(sql, {"since": since, "most": MOST})
    known = rows[-1]["finished_at"] if len(rows) == MOST else since
    found = [{**one, "context": json.loads(one["context"] or "{}")} for one in rows]
    return found, max(float(began), float(known))
