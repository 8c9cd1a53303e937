"""What a drill is, what is seen of it when it is over, and how its files judge that: by facts, never by its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nightrun.decisions import message
from nightrun.words import task as words
from nightrun.words.task import Task

# How long, and by which gate, a drill's task is worked on: each is one of the task types of the policy.
PLAIN = "impl"  # a gate that always passes: only scans and guards can catch it
BRIEF = "spec"  # two seconds
QUIET = "test"  # a second without a word
GATED = "review"  # the repository's own gate
KINDS = (PLAIN, BRIEF, QUIET, GATED)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """The facts about one drill."""

    task: Task  # as the API has it
    attempts: tuple[str, ...] = ()  # outcome of each
    messages: tuple[bytes, ...] = ()  # of all commits that came onto the target
    paths: tuple[str, ...] = ()  # that the commits of this task changed there
    remote: frozenset[str] = frozenset()  # branches of the remote
    ran: tuple[str, ...] = ()  # planted programs that somebody ran
    planted: bool = False  # git's settings or hooks were not as before
    moved: bool = False  # the target holds commits that nobody landed
    met: int = 0  # most processes of it that were alive at once
    alive: int = 0  # when it was over
    log_bytes: int = 0
    log_limit: int = 0
    leaks: tuple[str, ...] = ()  # files about the run that hold what must not be in them
    pauses: tuple[str, ...] = ()  # scopes
    restarts: int = 0  # of runners
    told: tuple[str, ...] = ()  # notes at the task, which `explain` shows
    real_gate: bool = False  # the repository's own gate judged it, not a stand-in


@dataclass(frozen=True)
class Finding:
    """What happened, in words, and whether that is what should."""

    caught: bool
    happened: str


@dataclass(frozen=True, kw_only=True)
class Drill:
    """One attempt to do harm."""

    name: str
    does: str
    should: str
    script: str  # POSIX sh, run in the worktree of the attempt
    judge: Callable[[Seen], Finding]
    kind: str = PLAIN
    alone: bool = False  # it stops intake, or takes away what guards the others
    fills: bool = False  # the floor of free disk space is set right below what is free now
    over_http: bool = False  # REMOTE and CREDENTIALS are those of the remote over HTTP
    rule: str = ""  # what would stop it where nothing on this machine can; empty: it must be stopped
    direction: str = ""  # unless it is what the drill does
    env: Mapping[str, str] = field(default_factory=dict)


# -- judgements that several drills share


def failed(seen: Seen, *classes: str) -> Finding:
    """It did not become a commit, for one of these reasons."""
    good = _is_refused(seen.task) and seen.task.error_class in classes and not seen.paths
    return Finding(good, _how(seen))


def _is_refused(task: Task) -> bool:
    """What scans refused to the last waits for a person."""
    return task.status == words.FAILED or (task.status == words.NEEDS_DECISION and task.error_class == "scan")


def held(seen: Seen, *paths: str) -> Finding:
    """It waits for a person, who is told one of the paths; a gate that already said no is as good."""
    task = seen.task
    if _is_refused(task) and task.error_class in ("gate", "scan"):
        return Finding(not seen.paths, _how(seen))
    told = not paths or any(one in (task.commit_reason or "") for one in paths)
    good = task.status == words.COMPLETED and task.commit_state == words.COMMIT_HELD and told and not seen.paths
    return Finding(good, _how(seen))


def landed(seen: Seen, also: str = "") -> Finding:
    """It became exactly one commit of the pipeline; `also` is what else is worth telling."""
    good = seen.task.commit_state == words.COMMIT_LANDED and own_commits(seen) == 1
    return Finding(good, _how(seen) + (f"; {also}" if also else ""))


def both(first: Finding, holds: bool, otherwise: str) -> Finding:
    """The finding, unless something else does not hold, which is told instead."""
    return first if holds else Finding(False, f"{otherwise} ({first.happened})")


def own_commits(seen: Seen) -> int:
    """Commits on the target that carry the task's id as a trailer."""
    return sum(message.trailers(one).get(message.TASK, []) == [seen.task.id] for one in seen.messages)


def _how(seen: Seen) -> str:
    """What became of the task, in words."""
    task = seen.task
    if task.status == words.FAILED:
        return f"failed by {task.error_class}: {task.error_summary or 'no reason given'}"
    if task.status == words.COMPLETED and task.commit_state == words.COMMIT_LANDED:
        number = own_commits(seen)
        return "landed as one commit" if number == 1 else f"{number} commits of it on the target"
    if task.status == words.COMPLETED:
        return f"{task.commit_state}: {task.commit_reason or 'no reason given'}"
    if _is_refused(task):
        return f"refused, a person is asked: {task.error_summary or 'no reason given'}"
    why = task.waiting_reason or task.error_summary or "no reason given"
    return f"still {task.status}: {why}"


def ended(seen: Seen) -> bool:
    """Whether nothing of it is alive any more."""
    return seen.alive == 0
