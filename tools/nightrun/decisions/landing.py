"""When a committed change may land, when it waits, and how that is said (DESIGN 3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from nightrun.decisions import lines
from nightrun.words import task as words
from nightrun.words.task import Task

HELD_EVERY_S = 5.0  # a person who commits an overlapping edit sees the work land soon after
FAILED_EVERY_S = 60.0
MOST_NAMED = 5


class Forwarded(Protocol):
    """What came of a fast-forward."""

    @property
    def state(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def paths(self) -> tuple[str, ...]: ...


def held(context: Mapping[str, Any]) -> str | None:
    """Why a person must agree first; None when nothing is in the way or they agreed (`nightrun commit`)."""
    found = context.get("held")
    if not found or context.get("agreed"):
        return None
    shown = "; ".join(str(one) for one in found[:MOST_NAMED])
    return f"a person must look at it first: {shown}"


def state_of(forwarded: str) -> str:
    """The commit state for a fast-forward that was not made."""
    return words.COMMIT_FAILED if forwarded == "failed" else words.COMMIT_HELD


def words_of(forwarded: Forwarded) -> str:
    if forwarded.state == "overlap":
        return f"your uncommitted edits of {_named(forwarded.paths)} overlap with it; it lands once they are committed"
    if forwarded.state == "busy":
        return f"{forwarded.detail} It lands when that is over."
    return forwarded.detail


def conflict_words(paths: Sequence[str], target: str, tip: str) -> str:
    return f"it conflicts in {_named(paths)} with what landed on {target} meanwhile ({tip[:10]})"


def question(task: Task, reason: str, *, attempts: int) -> str:
    """What a person is asked instead of another attempt; empty while there may be one of `attempts` in all."""
    if task.failures + 1 < attempts:
        return ""
    where = f" The work is on branch {task.branch}." if task.branch else ""
    return (
        f"Its work is done and cannot land: {reason}. {lines.count(task.failures + 1, 'attempt')} failed"
        f" (limits.attempts), so it is not tried again by itself.{where} What shall the next attempt do differently?"
    )


def is_due(task: Task, last_try: float | None, now: float) -> bool:
    """Whether an unlanded change is to be tried again now; one that waits for a person's word is not."""
    if task.commit_state == words.COMMIT_HELD and held(task.context) is not None:
        return False
    if last_try is None:
        return True
    wait = FAILED_EVERY_S if task.commit_state == words.COMMIT_FAILED else HELD_EVERY_S
    return now - last_try >= wait


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - MOST_NAMED} more" if len(paths) > MOST_NAMED else ""
    return ", ".join(paths[:MOST_NAMED]) + more
