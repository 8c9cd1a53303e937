"""What attempts used of time, tokens and money, added up over all of them, those that failed included."""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from typing import Any

from nightrun.hands.store import notes
from nightrun.hands.store.database import Database, Row
from nightrun.words import usage

NIGHT = "night"  # note: when a person last gave the night its budget anew
MOST = 3_000  # the newest attempts of a span; with more the sums are of fewer, and the API answers others soon
_COLUMNS = ", ".join(("attempt", "task_id", "outcome", "started_at", "ended_at", *usage.NAMES))
# A claim that was put back without a start of the agent used nothing.
_WORKED = "coalesce(outcome, '') <> 'waiting'"
_SUMS = ", ".join(f"sum({name}) AS {name}, count({name}) AS {name}_told" for name in usage.NAMES)


def since(db: Database, began: float, *, now: float, before: float | None = None) -> Row:
    """Of the attempts that were started from `began` on and `before` (seconds since the epoch), also while they run."""
    these = "WHERE started_at >= :began AND started_at < :end"
    inner = f"SELECT {_COLUMNS} FROM attempts INDEXED BY attempts_started {these}"
    params = {"began": began, "end": now + 1.0 if before is None else before, "most": MOST, "now": now}
    found = _sums(db, f"{inner} ORDER BY started_at DESC LIMIT :most", params)
    sent_back = "SELECT count(*) FROM tasks INDEXED BY tasks_finished WHERE finished_at >= :began"
    rounds = db.value(f"{sent_back} AND json_extract(context, '$.verdict') = 'FAIL'", {"began": began})
    return {"since": began, "rounds": rounds, **found}


def of_night(db: Database, began: float, *, now: float, before: float | None = None) -> Row:
    """Since the night began, or since a person gave it its budget anew."""
    renewed = notes.read(db, NIGHT)
    again = renewed.get("since") if isinstance(renewed, dict) else None
    return since(db, max(began, float(again or 0.0)), now=now, before=before)


def renew_night(db: Database, *, now: float) -> None:
    notes.write(db, NIGHT, {"since": now})


def ended_since(db: Database, began: float, *, now: float) -> Row:
    inner = f"SELECT {_COLUMNS} FROM attempts INDEXED BY attempts_ended WHERE ended_at >= :began"
    return _sums(db, f"{inner} ORDER BY ended_at DESC LIMIT :most", {"began": began, "most": MOST, "now": now})


def of_task(db: Database, task_id: str, *, now: float) -> Row:
    """Of all attempts at a task since a person last decided about it: their answer is a fresh start."""
    decided = "SELECT coalesce(max(at), 0) FROM events WHERE task_id = :id AND kind = 'decided'"
    inner = f"SELECT {_COLUMNS} FROM attempts WHERE task_id = :id AND started_at >= ({decided})"
    return _sums(db, inner, {"id": task_id, "now": now})


def _sums(db: Database, inner: str, params: dict[str, Any]) -> Row:
    sql = (
        f"SELECT count(*) AS attempts, sum(max(0, coalesce(ended_at, :now) - started_at)) AS seconds, {_SUMS}"
        f" FROM ({inner}) WHERE {_WORKED}"
    )
    row = db.one(sql, params)
    assert row is not None
    found: Row = {"attempts": row["attempts"], "seconds": row["seconds"] or 0.0}
    for name in usage.NAMES:
        found[name] = {"sum": row[name], "told": row[f"{name}_told"], "attempts": row["attempts"]}
    return found
