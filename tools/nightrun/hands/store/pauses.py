"""Pauses of intake or of one agent. A person's and nightrun's own stand side by side."""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

from nightrun.hands.store import spent
from nightrun.hands.store.database import Database, Row

INTAKE = "intake"
PERSON = "person"
BUDGET = "budget"  # what one night may use is used up


def active(db: Database, *, now: float) -> list[Row]:
    return db.all("SELECT * FROM pauses WHERE until IS NULL OR until > :now ORDER BY scope, by", {"now": now})


def put(db: Database, *, scope: str, by: str, reason: str, until: float | None, now: float) -> Row:
    """Start a pause, or change the one that this `by` has on this scope; the pause as it is then.

    One of nightrun's own is never made shorter by another fault: the hours of a run that are over stay over.
    """
    values = {"scope": scope, "by": by, "reason": reason, "until": until, "at": now}
    with db.write():
        longer = None if by == PERSON else _longer(db, values, now=now)
        if longer is not None:
            return longer
        db.run(
            "INSERT INTO pauses (scope, by, reason, until, at) VALUES (:scope, :by, :reason, :until, :at)"
            " ON CONFLICT (scope, by) DO UPDATE SET reason = excluded.reason, until = excluded.until",
            values,
        )
    return values


def _longer(db: Database, new: Row, *, now: float) -> Row | None:
    """The pause that is there already and lasts longer."""
    sql = (
        "SELECT * FROM pauses WHERE scope = :scope AND by = :by AND reason != :reason"
        " AND (until IS NULL OR (until > :now AND until >= :until))"
    )
    return db.one(sql, {**new, "now": now})


def end(db: Database, *, scope: str, by: str, now: float) -> int:
    """How many ended. nightrun ends only its own; a person's word ends all, and gives a night its budget once more."""
    with db.write():
        spends = "SELECT 1 FROM pauses WHERE scope = :scope AND by = :by"
        if by == PERSON and db.value(spends, {"scope": scope, "by": BUDGET}):
            spent.renew_night(db, now=now)
        mine = "" if by == PERSON else " AND by = :by"
        return db.run(f"DELETE FROM pauses WHERE scope = :scope{mine}", {"scope": scope, "by": by})


def next_end(db: Database, *, now: float) -> float | None:
    when = db.value("SELECT min(until) FROM pauses WHERE until > :now", {"now": now})
    return None if when is None else float(when)


def forget_ended(db: Database, *, now: float) -> None:
    db.run("DELETE FROM pauses WHERE until <= :now", {"now": now})
