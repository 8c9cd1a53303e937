"""What became of what was wrong: after each heal, and after issues that got none (reliability.md A11)."""

from __future__ import annotations

from typing import Any

from nightrun.decisions import effect, heal
from nightrun.decisions.effect import Before, Effect
from nightrun.hands.store import issues
from nightrun.hands.store.database import Database, Row
from nightrun.words.task import TERMINAL

JUDGED = 20  # heals, and issues without one, the newest first
LOOKED_AT = 60  # tasks before or after a moment: heals and faults of the environment among them do not count
# Of the context only whether an issue asked for the task: a heal's holds whole outputs and diffs.
_FIELDS = (
    "task_type, status, error_class, error_summary, finished_at,"
    " CASE context WHEN '{}' THEN NULL ELSE json_extract(context, '$.condition') END AS condition"
)


def of_heals(db: Database, heals: list[Row], *, now: float) -> list[Row]:
    """Of heals that have ended, as the snapshot has them: {task, condition, fingerprint, effect, why, early}."""
    ended = [one for one in heals if one["status"] in TERMINAL and one.get("finished_at") is not None]
    return [_of_heal(db, one, now=now) for one in ended[:JUDGED]]


def untreated(db: Database, *, now: float) -> list[Row]:
    """The same of issues that could have got a heal and got none; what happens by itself (regression to the mean)."""
    sql = (
        "SELECT id, condition, fingerprint, status, first_seen FROM issues WHERE heal_task_id IS NULL"
        " AND direction IS NOT NULL ORDER BY first_seen DESC LIMIT :limit"
    )
    return [_of_issue(db, one, now=now) for one in db.all(sql, {"limit": JUDGED})]


def since(db: Database, issue: Row, at: float, *, now: float) -> Row:
    """What became of an issue after a moment such as the end of an item that was made for it."""
    condition, kind = issue["condition"], issue["fingerprint"]
    is_open = _is_open(db, issue["id"], at)
    return _said(_judge(db, (condition, kind), _before(db, kind, at), since=at, now=now, is_open=is_open))


def _of_heal(db: Database, task: Row, *, now: float) -> Row:
    condition, kind = heal.key_of(task)
    context = task.get("context") or {}
    since = float(task["finished_at"])
    known = effect.read(context.get("before")) or _before(db, kind, since)
    is_open = _is_open(db, context.get("issue"), since)
    found = _judge(db, (condition, kind), known, since=since, now=now, is_open=is_open)
    return {"task": task["id"], "condition": condition, "fingerprint": kind, **_said(found)}


def _of_issue(db: Database, issue: Row, *, now: float) -> Row:
    key, since = (issue["condition"], issue["fingerprint"]), float(issue["first_seen"])
    known = _before(db, issue["fingerprint"], since)
    found = _judge(db, key, known, since=since, now=now, is_open=_is_seen(db, issue))
    names = {name: issue[name] for name in ("condition", "fingerprint")}
    return {"issue": issue["id"], **names, **_said(found)}


def _said(found: Effect) -> Row:
    return {"effect": found.verdict, "why": found.why, "early": found.early}


def _judge(
    db: Database, key: tuple[str, str], known: Before, *, since: float, now: float, is_open: bool | None
) -> Effect:
    after = _ended(db, "finished_at > :at ORDER BY finished_at LIMIT :limit", since)
    return effect.judge(*key, known, after, since=since, now=now, is_open=is_open)


def _before(db: Database, kind: str, at: float) -> Before:
    earlier = _ended(db, "finished_at <= :at ORDER BY finished_at DESC LIMIT :limit", at)
    return effect.before(earlier, kind, effect.THRESHOLD)


def _is_open(db: Database, issue_id: Any, since: float) -> bool | None:
    """None when it is not known, or was resolved before the heal had ended: then the heal did not do it."""
    sql = "SELECT status, condition, fingerprint, resolved_at FROM issues WHERE id = :id"
    found = db.one(sql, {"id": str(issue_id)}) if issue_id else None
    if found is None or (found["resolved_at"] is not None and found["resolved_at"] < since):
        return None
    return _is_seen(db, found)


def _is_seen(db: Database, issue: Row) -> bool:
    """Open, and not only because it has not yet stayed away long enough."""
    return issue["status"] == "open" and not issues.is_quiet(db, issue["condition"], issue["fingerprint"])


def _ended(db: Database, rest: str, at: float) -> list[Row]:
    # Named, so that it is never the whole history that is searched.
    sql = f"SELECT {_FIELDS} FROM tasks INDEXED BY tasks_finished WHERE finished_at IS NOT NULL AND {rest}"  # noqa: S608
    rows = db.all(sql, {"at": at, "limit": LOOKED_AT})
    for one in rows:
        one["context"] = {"condition": one.pop("condition")}
    return rows
