"""One row per move of a task: what happened when, in words."""

from __future__ import annotations

from nightrun.hands.store.database import Database, Row
from nightrun.words import task as words

LONGEST_TEXT = 500  # characters
NOTE = "note"  # of a task that did not move


def add(db: Database, task_id: str, kind: str, text: str, *, now: float) -> None:
    values = {"task_id": task_id, "at": now, "kind": kind, "text": text[:LONGEST_TEXT]}
    db.run("INSERT INTO events (task_id, at, kind, text) VALUES (:task_id, :at, :kind, :text)", values)


def of_task(db: Database, task_id: str) -> list[Row]:
    """Oldest first."""
    return db.all("SELECT at, kind, text FROM events WHERE task_id = :id ORDER BY seq", {"id": task_id})


def one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_TEXT]


def of_move(old: Row, new: Row) -> tuple[str, str]:
    """Kind and text of the event that this move is."""
    kind = _kind(old, new)
    why = ": ".join(part for part in (new["error_class"], new["error_summary"]) if part)
    texts = {
        "decided": f"decided: {one_line(new['decision'] or 'try again')}",
        "retry": f"attempt {old['attempt']} ended, back in the queue" + (f" ({why})" if why else ""),
        "started": f"attempt {new['attempt']} started by hand",
        "completed": f"attempt {new['attempt']} completed; change: {new['commit_state']}",
        "failed": f"failed ({why})",
        "needs_decision": one_line(new["decision_prompt"] or why or "a person has to decide"),
    }
    return kind, texts[kind]


def of_change(new: Row) -> tuple[str, str]:
    """Kind and text of the event that something became of a completed task's change."""
    parts = [f"change {new['commit_state']}", new["commit_sha"] or "", one_line(new["commit_reason"] or "")]
    return new["commit_state"], ", ".join(part for part in parts if part)


def _kind(old: Row, new: Row) -> str:
    if new["status"] == words.PENDING:
        return "decided" if old["status"] == words.NEEDS_DECISION else "retry"
    return "started" if new["status"] == words.RUNNING else str(new["status"])
