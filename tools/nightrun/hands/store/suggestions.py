"""What heals suggested for the meta-backlog, and what became of it: the item, its tasks, their commits, the effect."""

from __future__ import annotations

from typing import Any

from nightrun.decisions import suggestion
from nightrun.hands.store import effects, tasks
from nightrun.hands.store.database import Database, Row
from nightrun.words.issue import UNKNOWN
from nightrun.words.task import COMMIT_LANDED, COMPLETED, Task

SHOWN = 100  # suggestions, the newest
STEPS = 50  # tasks of one item; the first ones
_PARTS = ("id", "task_type", "status", "commit_state", "commit_sha", "finished_at")
# By the words that a key begins with, so that it is never the whole history that is searched.
_KEYS = "dedup_key >= :word AND dedup_key < :beyond"


def listed(db: Database, *, now: float) -> list[Row]:
    """The newest first."""
    return [_one(db, one, now=now) for one in _with_key(db, suggestion.KEY, f"ORDER BY seq DESC LIMIT {SHOWN}")]


def of_issue(suggested: list[Row], issue: Row) -> list[Row]:
    """Those that were made for it or for an earlier issue of the same condition and fingerprint."""
    key = issue["condition"], issue["fingerprint"]
    return [one for one in suggested if one["issue"] == issue["id"] or (one["condition"], one["fingerprint"]) == key]


def _one(db: Database, task: Row, *, now: float) -> Row:
    key = str(task["dedup_key"]).removeprefix(suggestion.KEY)
    steps = _with_key(db, f"item:{key}:", f"ORDER BY seq LIMIT {STEPS}")
    state = suggestion.state(Task.from_json(task), [Task.from_json(one) for one in steps])
    issue, context = _issue(db, task["context"].get("issue")), task["context"]
    return {
        "task": task["id"],
        "status": task["status"],
        "commit_state": task["commit_state"],
        "commit_sha": task["commit_sha"],
        "suggested_by": context.get("suggested_by"),
        "issue": issue and issue["id"],
        "condition": issue and issue["condition"],
        "fingerprint": issue and issue["fingerprint"],
        "item": {"key": key, "text": context.get("suggests")},
        "state": state,
        "tasks": [{name: one[name] for name in _PARTS} for one in steps],
        "commits": [one["commit_sha"] for one in (task, *steps) if one["commit_state"] == COMMIT_LANDED],
        "updated_at": max(float(one["updated_at"]) for one in (task, *steps)),
        **_effect(db, issue, state, steps, now=now),
    }


def _effect(db: Database, issue: Row | None, state: str, steps: list[Row], *, now: float) -> Row:
    """As that of a heal, from the end of the item's last task on."""
    ends = [float(one["finished_at"]) for one in steps if one["status"] == COMPLETED]
    if state != suggestion.DONE or not ends:
        why = "its item is not done yet" if state == suggestion.OPEN else "its item was not done"
        return {"effect": UNKNOWN, "why": why, "early": state == suggestion.OPEN}
    if issue is None:
        return {"effect": UNKNOWN, "why": "it was not made for an issue", "early": False}
    return effects.since(db, issue, max(ends), now=now)


def _issue(db: Database, issue_id: Any) -> Row | None:
    """Any program may add a task with any context."""
    if not isinstance(issue_id, str):
        return None
    return db.one("SELECT id, condition, fingerprint FROM issues WHERE id = :id", {"id": issue_id})


def _with_key(db: Database, beginning: str, rest: str) -> list[Row]:
    beyond = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    return tasks.select(db, f"{_KEYS} {rest}", {"word": beginning, "beyond": beyond}, index="tasks_dedup")
