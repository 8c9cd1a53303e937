"""The tasks that ended in the last days, with what tells how far the backlog is."""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from nightrun.decisions import progress
from nightrun.decisions.progress import Ended
from nightrun.hands.store.database import Database, Row

DAY = 86_400.0
MOST = 3_000  # the newest; with more, fewer days are known, and the API answers others soon
_KEY = "seq, status, commit_state, updated_at"
_FIELDS = f"{_KEY}, id, task_type, attempt, finished_at, context"

Key = tuple[Any, ...]


class Lately:
    """Remembers what it read of each task: only those that changed since are read again."""

    def __init__(self) -> None:
        self._known: dict[Key, Ended] = {}

    def read(self, db: Database, *, now: float, days: int) -> tuple[list[Ended], float | None]:
        """Newest first, and since when all of them are here; None when there was never a task."""
        began = db.value("SELECT created_at FROM tasks ORDER BY seq LIMIT 1")
        if began is None:
            return [], None
        sql = (
            f"SELECT {_KEY} FROM tasks INDEXED BY tasks_finished WHERE finished_at >= :since"
            " ORDER BY finished_at DESC LIMIT :most"
        )
        since = now - days * DAY
        keys = [_key(one) for one in db.all(sql, {"since": since, "most": MOST})]
        known, new = self._known, [one for one in keys if one not in self._known]
        self._known = {one: known[one] for one in keys if one in known} | dict(_read(db, new))
        found = [self._known[one] for one in keys]
        return found, max(float(began), found[-1].finished_at if len(found) == MOST else since)


def _read(db: Database, keys: Iterable[Key]) -> Iterator[tuple[Key, Ended]]:
    """One by one: of a long list the database would rather walk through all tasks."""
    for seq, *_ in keys:
        row = db.one(f"SELECT {_FIELDS} FROM tasks WHERE seq = :seq", {"seq": seq})
        if row is not None:
            yield _key(row), progress.of_task({**row, "context": json.loads(row["context"] or "{}")})


def _key(row: Row) -> Key:
    return row["seq"], row["status"], row["commit_state"], row["updated_at"]
