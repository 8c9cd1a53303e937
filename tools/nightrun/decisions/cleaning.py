"""What `nightrun clean` removes, what it asks about and what it leaves alone; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from nightrun.words import task as words
from nightrun.words.task import Task

WORKTREE = "worktree"
BRANCH = "branch"
KEPT = "kept"
RECOVERY = "recovery"
LOG = "log"
PROMPT = "prompt"
CACHE = "cache"  # of the sandbox

BRANCH_REFS = "refs/heads/pipeline/"
KEPT_REFS = "refs/nightrun/kept/"  # what agents committed themselves
RECOVERY_REFS = "refs/nightrun/recovery/"  # what a person agreed to lose, for a while
KEEP_S = 14 * 86_400.0
MOST_LOG_BYTES = 2 << 30  # of all task logs together
PROMPT_S = 3_600.0  # an attempt removes its own when it ends

# <task>.<attempt>: the name of a worktree, of a branch, of a log.
ATTEMPT = re.compile(r"(?P<task>[A-Za-z0-9][A-Za-z0-9._-]*)\.(?P<attempt>[0-9]+)")
_DATE = re.compile(rf"{RECOVERY_REFS}(\d{{4}}-\d\d-\d\d)/")


@dataclass(frozen=True, kw_only=True)
class Thing:
    """One thing that could go."""

    kind: str
    name: str  # a ref, or a path
    attempt: str = ""  # whose it is
    sha: str = ""
    size: int = 0  # bytes
    at: float = 0.0  # when it was written last
    in_history: bool = False  # all of its work is in the target's history
    why: str = ""  # it goes, or stays


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`asked` goes only when a person agreed to lose it; `left` stays in any case."""

    removed: tuple[Thing, ...] = ()
    asked: tuple[Thing, ...] = ()
    left: tuple[Thing, ...] = ()


def plan(things: Iterable[Thing], needed: Mapping[str, str], *, now: float) -> Plan:
    """`needed`: attempts that nothing is taken from, and why."""
    removed: list[Thing] = []
    asked: list[Thing] = []
    left: list[Thing] = []
    found = list(things)
    for one in found:
        if one.attempt in needed:
            left.append(replace(one, why=needed[one.attempt]))
        elif one.kind in (WORKTREE, BRANCH, KEPT):
            _sort_work(one, removed, asked)
        elif one.kind == CACHE:
            asked.append(replace(one, why=f"{one.size / (1 << 20):.1f} MiB; what is needed of it is downloaded again"))
        elif why := _old(one, now):
            removed.append(replace(one, why=why))
        else:
            left.append(replace(one, why="it is not old"))
    # A branch that is checked out in a worktree that stays would stay, too.
    held = {one.attempt for one in asked if one.kind == WORKTREE}
    asked += [one for one in removed if one.kind == BRANCH and one.attempt in held]
    removed = [one for one in removed if one.kind != BRANCH or one.attempt not in held]
    over = _over(left)
    names = {one.name for one in over}
    return Plan(
        removed=(*removed, *over),
        asked=tuple(asked),
        left=tuple(one for one in left if one.name not in names or one.attempt in needed),
    )


def needs(task: Task, attempt: int, *, has_worktree: bool) -> str:
    """Why an attempt of this task is still needed; empty when it is not."""
    if task.status not in words.TERMINAL:
        return f"its task is {task.status.replace('_', ' ')}"
    if attempt != task.attempt or task.status != words.COMPLETED:
        return ""
    if task.commit_state in words.UNLANDED:
        return "its change has not landed"
    waits = task.commit_state == words.COMMIT_NONE and has_worktree
    return "its change can still be committed: nightrun commit" if waits else ""


def recovery_ref(thing: Thing, *, now: float) -> str:
    """The commit is in the name: two things of one attempt, or of one day, do not meet."""
    day = datetime.fromtimestamp(now, UTC).date().isoformat()
    return f"{RECOVERY_REFS}{day}/{thing.attempt or thing.kind}-{thing.sha[:12]}"


def attempt_of(name: str) -> str:
    """`task.attempt` at the beginning of what follows the prefix of a ref; empty when there is none."""
    for prefix in (BRANCH_REFS, KEPT_REFS):
        if name.startswith(prefix):
            first = name.removeprefix(prefix)
            first = first if prefix == BRANCH_REFS else first.partition("/")[0]
            return first if ATTEMPT.fullmatch(first) else ""
    return ""


def _sort_work(one: Thing, removed: list[Thing], asked: list[Thing]) -> None:
    if one.kind == WORKTREE:
        why = "nobody works in it" if one.in_history else "nobody works in it, but it holds changes"
    else:
        why = "its work is in the history" if one.in_history else "its work is not in the history"
    (removed if one.in_history else asked).append(replace(one, why=why))


def _old(one: Thing, now: float) -> str:
    if one.kind == RECOVERY:
        return "it was kept for 14 days" if now - _day(one.name) > KEEP_S else ""
    if one.kind == PROMPT:
        return "its attempt is over" if now - one.at > PROMPT_S else ""
    return "it is older than 14 days" if one.kind == LOG and now - one.at > KEEP_S else ""


def _day(ref: str) -> float:
    """When the day of a recovery ref ended; never for one without a day."""
    found = _DATE.match(ref)
    try:
        day = datetime.fromisoformat(found[1]).replace(tzinfo=UTC) if found else None
    except ValueError:
        day = None
    return float("inf") if day is None else (day + timedelta(days=1)).timestamp()


def _over(left: Sequence[Thing]) -> list[Thing]:
    """The oldest logs of all that would stay, as far as they are too much together."""
    logs = sorted((one for one in left if one.kind == LOG), key=lambda one: one.at)
    too_much = sum(one.size for one in logs) - MOST_LOG_BYTES
    over = []
    for one in logs:
        if too_much <= 0:
            break
        if one.why == "it is not old":
            over.append(replace(one, why="all task logs together are above 2 GiB"))
            too_much -= one.size
    return over
