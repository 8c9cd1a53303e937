"""Issues: conditions that fired, one open issue per condition and fingerprint (reliability.md A1, A6)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from nightrun.hands.store import ids, notes
from nightrun.hands.store.database import Database, Row
from nightrun.hands.store.refusals import NotFound
from nightrun.words import issue as words

REOPENED_WITHIN_S = 7 * 86_400  # an issue that comes back sooner is the same one
PRIORITY = {"high": 1, "medium": 2, "low": 3}
HISTORY = 100
LOOKS_KEPT_S, LOOKS_APART_S = 3_600.0, 10.0
RESOLVED_SHOWN = 50

Key = tuple[str, str]


def look(db: Database, findings: Iterable[Mapping[str, Any]], *, now: float, whole: bool = True) -> Row:
    """Take in all findings of one look: what is not firing any more is resolved, unless it is unknown or pending.

    Unless it is a `whole` look of the monitor, what is not among the findings stays as it is.
    """
    seen = {(one["condition"], one.get("fingerprint", "")): one for one in findings}
    with db.write():
        opened = [_fired(db, one, now=now) for one in seen.values() if one["state"] == words.FIRING]
        resolved = _resolve_absent(db, seen, now=now) if whole else []
        if whole:
            _remember_states(db, seen, now=now)
            notes.write(db, "last_evaluation", now)
            notes.write(db, "looks", _looks(looks(db), now))
    return {
        "opened": [to_json(one) for one in opened if one is not None],
        "resolved": [to_json(one) for one in resolved],
        "open": still_open(db),
    }


def still_open(db: Database) -> list[Row]:
    """The most severe first, then the oldest; last what is not seen any more since `quiet_since`."""
    quiet = {
        (one["condition"], one["fingerprint"]): one["since"] for one in states(db) if one["state"] == words.PENDING
    }
    rows = db.all("SELECT * FROM issues WHERE status = 'open' ORDER BY first_seen")
    found = [to_json({**one, "quiet_since": quiet.get((one["condition"], one["fingerprint"]))}) for one in rows]
    return sorted(found, key=lambda one: (one["quiet_since"] is not None, one["priority"]))


def is_quiet(db: Database, condition: str, fingerprint: str) -> bool:
    """Whether an open issue is not seen any more, and only waits for its end."""
    sql = (
        "SELECT 1 FROM condition_states WHERE condition = :condition AND fingerprint = :fingerprint AND state = :state"
    )
    values = {"condition": condition, "fingerprint": fingerprint, "state": words.PENDING}
    return db.one(sql, values) is not None


def resolved_since(db: Database, since: float, limit: int = RESOLVED_SHOWN) -> list[Row]:
    sql = "SELECT * FROM issues WHERE resolved_at >= :since ORDER BY resolved_at DESC LIMIT :limit"
    return [to_json(one) for one in db.all(sql, {"since": since, "limit": limit})]


def count_resolved_since(db: Database, since: float) -> int:
    return int(db.value("SELECT count(*) FROM issues WHERE resolved_at >= :since", {"since": since}))


def healed(db: Database) -> int:
    """How many issues were resolved after their heal task had completed."""
    return int(
        db.value(
            # CROSS: from the few issues to their tasks; sqlite would rather walk through all completed tasks.
            "SELECT count(*) FROM issues CROSS JOIN tasks ON tasks.id = issues.heal_task_id"
            " WHERE resolved_at IS NOT NULL AND tasks.status = 'completed' AND tasks.finished_at <= resolved_at"
        )
    )


def history(db: Database) -> list[Row]:
    sql = "SELECT first_seen AS at, condition, severity FROM issues ORDER BY first_seen DESC LIMIT :limit"
    return db.all(sql, {"limit": HISTORY})


def states(db: Database) -> list[Row]:
    """What each condition said in the last look, and since when it says so."""
    return db.all("SELECT * FROM condition_states ORDER BY condition, fingerprint")


def looks(db: Database) -> list[float]:
    """When the monitor looked, in the last minutes; some seconds apart."""
    kept = notes.read(db, "looks")
    return list(kept) if isinstance(kept, list) else []


def _looks(kept: list[float], now: float) -> list[float]:
    lately = [one for one in kept if 0 <= now - one < LOOKS_KEPT_S]
    return lately if lately and now - lately[-1] < LOOKS_APART_S else [*lately, now]


def exists(db: Database, issue_id: str) -> bool:
    return db.one("SELECT 1 FROM issues WHERE id = :id", {"id": issue_id}) is not None


def link_heal(db: Database, issue_id: str, heal_task_id: str | None) -> Row:
    with db.write():
        values = {"id": issue_id, "heal": heal_task_id}
        if not db.run("UPDATE issues SET heal_task_id = :heal WHERE id = :id", values):
            raise NotFound("Issue not found")
    return to_json(_by_id(db, issue_id))


def to_json(found: Row) -> Row:
    return {
        **found,
        "evidence": json.loads(found["evidence"]),
        "priority": PRIORITY.get(found["severity"], 2),
        "created_at": found["first_seen"],
    }


# -- one finding


def _fired(db: Database, finding: Mapping[str, Any], *, now: float) -> Row | None:
    """The issue when it is opened or reopened by this finding, None when it was open already."""
    values = {
        "condition": finding["condition"],
        "fingerprint": finding.get("fingerprint", ""),
        "severity": finding.get("severity", "medium"),
        "message": finding.get("message", ""),
        "suggested_action": finding.get("suggested_action", ""),
        "direction": finding.get("direction"),
        "evidence": json.dumps(dict(finding.get("evidence") or {}), ensure_ascii=False),
        "heal": finding.get("heal_task_id"),
        "now": now,
    }
    known = _latest(db, values)
    if known is None:
        return _open(db, values)
    reopened = known["status"] == "resolved"
    db.run(
        "UPDATE issues SET status = 'open', resolved_at = NULL, severity = :severity, message = :message,"
        " suggested_action = :suggested_action, direction = :direction, evidence = :evidence, last_seen = :now,"
        " count = count + 1, reopened = reopened + :again, heal_task_id = coalesce(:heal, heal_task_id)"
        " WHERE id = :id",
        {**values, "id": known["id"], "again": int(reopened)},
    )
    return _by_id(db, known["id"]) if reopened else None


def _latest(db: Database, values: Row) -> Row | None:
    """The open issue of this condition and fingerprint, else one that was resolved not long ago."""
    return db.one(
        "SELECT * FROM issues WHERE condition = :condition AND fingerprint = :fingerprint AND (status = 'open' OR"
        " resolved_at >= :since) ORDER BY status = 'open' DESC, resolved_at DESC LIMIT 1",
        {**values, "since": values["now"] - REOPENED_WITHIN_S},
    )


def _open(db: Database, values: Row) -> Row:
    issue_id = ids.after(db.value("SELECT max(id) FROM issues"), values["now"])
    db.run(
        "INSERT INTO issues (id, condition, fingerprint, severity, status, message, suggested_action, direction,"
        " evidence, first_seen, last_seen, heal_task_id) VALUES (:id, :condition, :fingerprint, :severity, 'open',"
        " :message, :suggested_action, :direction, :evidence, :now, :now, :heal)",
        {**values, "id": issue_id},
    )
    return _by_id(db, issue_id)


def _resolve_absent(db: Database, seen: Mapping[Key, Mapping[str, Any]], *, now: float) -> list[Row]:
    unknown = {key[0] for key, one in seen.items() if one["state"] == words.UNKNOWN and not key[1]}
    held = {key for key, one in seen.items() if one["state"] != words.OK}
    resolved = []
    for issue in db.all("SELECT * FROM issues WHERE status = 'open'"):
        if issue["condition"] in unknown or (issue["condition"], issue["fingerprint"]) in held:
            continue
        db.run(
            "UPDATE issues SET status = 'resolved', resolved_at = :now WHERE id = :id", {"id": issue["id"], "now": now}
        )
        resolved.append(_by_id(db, issue["id"]))
    return resolved


def _remember_states(db: Database, seen: Mapping[Key, Mapping[str, Any]], *, now: float) -> None:
    for (condition, fingerprint), one in seen.items():
        db.run(
            "INSERT INTO condition_states VALUES (:condition, :fingerprint, :state, :now, :now)"
            " ON CONFLICT (condition, fingerprint) DO UPDATE SET seen_at = :now, state = :state,"
            " since = CASE WHEN state = :state THEN since ELSE :now END",
            {"condition": condition, "fingerprint": fingerprint, "state": one["state"], "now": now},
        )
    db.run("DELETE FROM condition_states WHERE seen_at < :now", {"now": now})


def _by_id(db: Database, issue_id: str) -> Row:
    found = db.one("SELECT * FROM issues WHERE id = :id", {"id": issue_id})
    if found is None:
        raise NotFound("Issue not found")
    return found
