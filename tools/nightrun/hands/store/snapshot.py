"""Everything the monitor's conditions look at, in one indexed look (DESIGN section 14: 50 ms over a million tasks)."""

from __future__ import annotations

from typing import Any

from nightrun.hands.store import attempts, effects, issues, metrics, notes, pauses, runners, tasks
from nightrun.hands.store.database import Database, Row

FINISHED = 50
MOST = 100  # of each other list; the counts beside them are exact
_READY = "status = 'pending' AND unmet = 0 AND ready_at <= :now AND waiting_reason IS NULL"
_FINISHED_FIELDS = (
    *("id", "task_type", "status", "outcome", "error_class", "error_summary", "agent", "model", "output_chars"),
    *("attempt", "failures", "started_at", "finished_at", "run_seconds", "commit_state", "commit_reason", "context"),
)


def take(db: Database, *, now: float) -> Row:
    """Without what is outside the store: the API adds its start time and the disk."""
    counts = tasks.counts(db)
    healing = heals(db)
    return {
        "now": now,
        "log_bytes": db.log_bytes(),
        "pauses": pauses.active(db, now=now),
        "counts": counts["by_status"],
        "commit_states": counts["by_commit_state"],
        "running": tasks.select(db, f"status = 'running' ORDER BY seq LIMIT {MOST}"),
        "oldest_ready": _oldest_ready(db, now=now),
        "ready_count": count_ready(db, now=now),
        "waiting": _waiting(db, now=now),
        "last_claim_at": runners.last_claim_at(db),
        "last_evaluation": notes.read(db, "last_evaluation"),
        "looks": issues.looks(db),
        "finished": finished(db, FINISHED),
        "attempts": attempts.ended_last(db, FINISHED),
        "window": metrics.rate_of_window(db, now=now),
        "unlanded": tasks.select(db, f"{tasks.UNLANDED} ORDER BY seq LIMIT {MOST}", index="tasks_unlanded"),
        "needs_decision": tasks.select(db, f"status = 'needs_decision' ORDER BY seq LIMIT {MOST}"),
        "heals": healing,
        "effects": effects.of_heals(db, healing, now=now),
        "runners": runners.listed(db),
        "issues": issues.still_open(db),
        "resolved": issues.resolved_since(db, now - 7 * metrics.DAY),
    }


def heals(db: Database) -> list[Row]:
    """The newest first."""
    return tasks.select(db, f"task_type = 'heal' ORDER BY seq DESC LIMIT {FINISHED}")


def finished(db: Database, limit: int) -> list[dict[str, Any]]:
    """The last terminal tasks, newest first."""
    rest = "finished_at IS NOT NULL ORDER BY finished_at DESC LIMIT :limit"
    rows = tasks.select(db, rest, {"limit": limit}, index="tasks_finished")
    return [{name: one[name] for name in _FINISHED_FIELDS} for one in rows]


def _oldest_ready(db: Database, *, now: float) -> Row | None:
    """The ready task that was passed over longest; `ready_at` says since when. None when all wait for a reason."""
    found = tasks.select(db, f"{_READY} ORDER BY ready_at, seq LIMIT 1", {"now": now}, index="tasks_ready")
    return found[0] if found else None


def count_ready(db: Database, *, now: float) -> int:
    return int(db.value(f"SELECT count(*) FROM tasks INDEXED BY tasks_ready WHERE {_READY}", {"now": now}))  # noqa: S608


def _waiting(db: Database, *, now: float) -> list[Row]:
    """Pending tasks that cannot be claimed now, grouped by the reason."""
    return db.all(
        "SELECT coalesce(waiting_reason, 'is put off') AS reason, count(*) AS count, min(ready_at) AS ready_at"
        " FROM tasks WHERE status = 'pending' AND (unmet > 0 OR ready_at > :now OR waiting_reason IS NOT NULL)"
        " GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
        {"now": now},
    )
