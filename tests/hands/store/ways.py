"""Short ways through a task's life, for tests of the store."""

from __future__ import annotations

from typing import Any

from nightrun.hands.store import claims, moves, tasks
from nightrun.hands.store.database import Database

T0 = 1_760_000_000.0


def add(db: Database, now: float = T0, **fields: Any) -> str:
    given = {"direction": "do it", "task_type": "impl", **fields}
    return str(tasks.add(db, now=now, **given)[0]["id"])


def claim(db: Database, now: float = T0, **fields: Any) -> Any:
    given = {"runner": "runner-1", "agents": ["script"], **fields}
    return claims.claim(db, now=now, **given)


def finish(db: Database, task: Any, now: float, status: str = "completed", **change: Any) -> Any:
    given = {"status": status, "fencing_token": task["fencing_token"], **change}
    return moves.patch(db, task["id"], given, now=now)


def run(db: Database, now: float, seconds: float, status: str = "completed", **fields: Any) -> Any:
    """Add, claim and finish one task; it ends at `now`."""
    change = {k: fields.pop(k) for k in ("error_class", "error_summary", "commit_state", "output") if k in fields}
    model = fields.pop("model", "m1")
    add(db, now - seconds, **fields)
    task = claim(db, now - seconds)
    assert task is not None
    return finish(db, task, now, status, model=model, **change)
