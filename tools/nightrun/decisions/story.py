"""What a person who watches a run is told: one line for each move of a task, an issue or a pause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nightrun.decisions import short_direction
from nightrun.words import task as words
from nightrun.words.task import Task

TITLE_CHARS = 60
REASON_CHARS = 160

Mark = tuple[Any, ...]  # what of a task must change for a line
Facts = Mapping[str, Any]


def marks(snapshot: Facts) -> dict[str, Mark]:
    """The state of every task that a snapshot shows."""
    shown: dict[str, Mark] = {}
    for name in ("finished", "needs_decision", "unlanded", "running"):
        for one in snapshot.get(name) or ():
            shown[one["id"]] = (one["status"], one["attempt"], one["commit_state"])
    return shown


def mark(task: Task) -> Mark:
    return (task.status, task.attempt, task.commit_state)


def moved(before: Mapping[str, Mark], after: Mapping[str, Mark]) -> list[str]:
    """The ids to tell about, oldest first; one that is not shown any more went back to the queue."""
    gone = [task_id for task_id, mark in before.items() if mark[0] == words.RUNNING and task_id not in after]
    changed = [task_id for task_id, mark in after.items() if before.get(task_id) != mark]
    return sorted([*gone, *changed])


def line(task: Task, now: float) -> str:
    """What became of it."""
    return f"{task.task_type} {task.id} {_state(task, now)}"


def _state(task: Task, now: float) -> str:
    title = short_direction.short(task.direction, TITLE_CHARS)
    if task.status == words.RUNNING:
        return f"running{_again(task)}: {title}"
    if task.status == words.COMPLETED:
        return _completed(task, title)
    if task.status == words.FAILED:
        return f"failed {_reason(task)}"
    if task.status == words.NEEDS_DECISION:
        return f"needs a decision: {_cut(task.decision_prompt or title)}"
    wait = f", again in {task.ready_at - now:.0f} s" if task.ready_at > now else ""
    if task.waiting_reason:
        return f"waits: {_cut(task.waiting_reason)}{wait}"
    return f"went back to the queue after {_reason(task)}{wait}"


def _again(task: Task) -> str:
    return f" (attempt {task.attempt})" if task.attempt > 1 else ""


def _completed(task: Task, title: str) -> str:
    sha, reason = (task.commit_sha or "")[:10], _cut(task.commit_reason or "no reason given")
    said = {
        words.COMMIT_NONE: "completed" + (f", no commit: {reason}" if task.commit_reason else ""),
        words.COMMIT_PENDING: "completed",
        words.COMMIT_COMMITTED: f"committed {sha}{_again(task)}: {title}",
        words.COMMIT_LANDED: f"landed {sha}{_again(task)}: {title}",
        words.COMMIT_HELD: f"held: {reason}",
        words.COMMIT_FAILED: f"could not be committed: {reason}",
    }
    return said[task.commit_state]


def _reason(task: Task) -> str:
    return f"{task.error_class or task.outcome or 'unknown'}: {_cut(task.error_summary or 'no error line')}"


def _cut(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= REASON_CHARS else first[: REASON_CHARS - 1] + "…"


def notices(before: Facts, after: Facts) -> list[str]:
    """Issues and pauses that came or went."""
    return [
        *(f"issue {one['condition']}: {_cut(one['message'])}" for one in _new(before, after, "issues", "id")),
        *(f"resolved {one['condition']}" for one in _new(after, before, "issues", "id")),
        *(f"paused {one['scope']}: {_cut(one['reason'])}" for one in _new(before, after, "pauses", "scope")),
        *(f"resumed {one['scope']}" for one in _new(after, before, "pauses", "scope")),
    ]


def _new(before: Facts, after: Facts, name: str, key: str) -> Sequence[Facts]:
    known = {one[key] for one in before.get(name) or ()}
    return [one for one in after.get(name) or () if one[key] not in known]
