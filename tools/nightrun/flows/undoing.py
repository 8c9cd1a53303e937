"""Reverts commits of the pipeline on the target branch: planned on git's objects, then landed as any other work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from nightrun.decisions import undoing
from nightrun.hands import (
    clock,
    git,
    git_change,
    git_commit,
    git_history,
    git_land,
    git_trust,
    git_undo,
    lock,
    policy_file,
    state_dir,
)
from nightrun.hands.git_land import Forwarded, Merged
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words import quantity
from nightrun.words.commit import Commit
from nightrun.words.errors import NightrunError, TryLater, WrongUse

LANDING = "landing"  # the runners' lock: one landing at a time in a repository
LOCK_WAIT_S = 60.0
LOCK_POLL_S = 0.05
TRIES = 5  # when somebody commits to the target meanwhile
MOST_NAMED = 5
NOTHING_UNDONE = "Nothing was undone."

_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One commit to revert. `tree` is the target's after it."""

    commit: Commit
    tree: str
    revert: str | None = None  # the commit that was made


@dataclass(frozen=True, kw_only=True)
class Plan:
    target: str
    tip: str
    steps: tuple[Step, ...]  # newest first
    already: tuple[tuple[Commit, str], ...] = ()  # undone by the second
    gone: tuple[Commit, ...] = ()  # nothing of their change is left
    conflict: Commit | None = None  # the steps end before it
    paths: tuple[str, ...] = ()  # where it conflicts


# -- the plan


def plan(root: Path, *, task: str | None = None, since: str | None = None) -> Plan:
    """What an undo would do now; nothing is changed."""
    git_trust.check(root)
    policy, target = _where(root)
    tip = git.tip(root, f"refs/heads/{target}")
    if tip is None:
        raise NightrunError(f"There is no branch {target}.", "Set project.target in pipeline.yaml.")
    chosen = undoing.select(git_history.with_reverts(root, tip), _meant(root, tip, task, since))
    if task and not chosen.wanted and not chosen.already:
        hint = "git log --oneline --grep='^Pipeline-Task:' shows what is there."
        raise NightrunError(f"There is no commit of a task {task} on {target}.", hint)
    found = Plan(target=target, tip=tip, steps=(), already=chosen.already)
    return _worked_out(root, policy, found, chosen.wanted)


def _where(root: Path) -> tuple[Policy, str]:
    policy = policy_file.load(root) if (root / policy_file.NAME).exists() else Policy()
    target = policy.project.target or git.current_branch(root)
    if target is None:
        raise NightrunError("No branch is checked out.", "git switch BRANCH, or set project.target in pipeline.yaml.")
    return policy, target


def _meant(root: Path, tip: str, task: str | None, since: str | None) -> Callable[[Commit], bool]:
    if (task is None) == (since is None):
        raise WrongUse("Name a task or a time.", "nightrun undo --task ID, or nightrun undo --since 12h.")
    if since is None:
        return lambda one: undoing.task_of(one) == task
    moment = _moment(since)
    if moment is not None:
        return lambda one: one.at >= moment
    start = git.tip(root, since)
    if start is None:
        raise WrongUse(
            f"{since!r} is no time, no date and no commit.", "For example: 12h, 2026-01-31, '2026-01-31 22:00', main~5."
        )
    later = {one.sha for one in git_history.pipeline_commits(root, f"{start}..{tip}")}
    return lambda one: one.sha in later


def _moment(since: str) -> float | None:
    """Of `12h` or a date in this machine's time zone; None when it is neither."""
    try:
        if _DATE.fullmatch(since):
            return datetime.fromisoformat(since).astimezone().timestamp()
        return clock.now() - quantity.seconds(since)
    except ValueError:
        return None


def _worked_out(root: Path, policy: Policy, found: Plan, wanted: tuple[Commit, ...]) -> Plan:
    """One after the other on the tree that the last one leaves, up to the first conflict."""
    tree = git.tree_of(root, found.tip)
    steps: list[Step] = []
    gone: list[Commit] = []
    for commit in wanted:
        merged = _without(root, policy, tree, commit)
        if merged.conflicts:
            return replace(found, steps=tuple(steps), gone=tuple(gone), conflict=commit, paths=merged.conflicts)
        if merged.tree == tree:
            gone.append(commit)
            continue
        tree = merged.tree
        steps.append(Step(commit=commit, tree=tree))
    return replace(found, steps=tuple(steps), gone=tuple(gone))


def _without(root: Path, policy: Policy, tree: str, commit: Commit) -> Merged:
    merged = git_undo.without(root, tree, commit)
    backlogs = {*policy.backlog.files, policy.backlog.meta}
    if not merged.conflicts or not set(merged.conflicts) <= backlogs:
        return merged
    result = merged.tree
    for path in merged.conflicts:
        texts = [git_change.file_at(root, one, path) for one in (f"{commit.sha}^", commit.sha, tree)]
        before, after, now = (None if text is None else text.decode(errors="surrogateescape") for text in texts)
        if before is None or after is None or now is None:
            return merged
        put = undoing.without_lines(before, after, now)
        if put is None:
            return merged
        result = git_change.with_file(root, result, path, put.encode(errors="surrogateescape"))
    return Merged(tree=result)


# -- doing it


def carry_out(root: Path, planned: Plan) -> Plan:
    """Make the revert commits and land them; refused as a whole when one conflicts or a person's edits are in the way.

    When the target moved since it was planned, it is worked out anew for the same commits.
    """
    state_dir.exclude(git.git_path(root, "info/exclude"))
    with _alone(StateDir(root).create()):
        for _ in range(TRIES):
            planned = _anew(root, planned)
            if planned.conflict is not None or not planned.steps:
                return planned
            made = _committed(root, planned)
            if _landed(root, made):
                return made
    raise TryLater(f"{planned.target} moves too fast. {NOTHING_UNDONE}", "Run it again when nobody commits.")


@contextmanager
def _alone(state: StateDir) -> Iterator[None]:
    end = clock.monotonic() + LOCK_WAIT_S
    while (held := lock.hold(state.lock(LANDING))) is None:
        if clock.monotonic() > end:
            raise TryLater(f"A runner is landing work just now. {NOTHING_UNDONE}", "Run it again.")
        clock.sleep(LOCK_POLL_S)
    try:
        yield
    finally:
        held.release()


def _anew(root: Path, planned: Plan) -> Plan:
    tip = git.tip(root, f"refs/heads/{planned.target}")
    if tip == planned.tip or tip is None:
        return planned
    wanted = tuple(one.commit for one in planned.steps)
    if not all(git.is_ancestor(root, one.sha, tip) for one in wanted):
        raise TryLater(f"{planned.target} was rewritten meanwhile. {NOTHING_UNDONE}", "Look at it, and run it again.")
    return _worked_out(root, _where(root)[0], replace(planned, tip=tip), wanted)


def _committed(root: Path, planned: Plan) -> Plan:
    policy, parent, steps = _where(root)[0], planned.tip, []
    signs = policy.commit.sign == "auto" and git_commit.signs(root)
    for step in planned.steps:
        message = undoing.message(step.commit)
        parent = git_commit.commit_tree(root, step.tree, parent, message, author=None, sign=signs)
        steps.append(replace(step, revert=parent))
    return replace(planned, steps=tuple(steps))


def _landed(root: Path, made: Plan) -> bool:
    """False when the target moved meanwhile."""
    last = made.steps[-1].revert
    assert last is not None
    where = git_land.checked_out_at(root, made.target)
    if where is None:
        return git_commit.move_ref(root, f"refs/heads/{made.target}", last, made.tip, "nightrun: undo")
    done = git_land.fast_forward(where, last, branch=made.target)
    if done.state in (git_land.DONE, git_land.DIVERGED):
        return done.state == git_land.DONE
    raise _not_landed(done)


def _not_landed(done: Forwarded) -> NightrunError:
    if done.state == git_land.OVERLAP:
        more = f" and {len(done.paths) - MOST_NAMED} more" if len(done.paths) > MOST_NAMED else ""
        named = ", ".join(done.paths[:MOST_NAMED]) + more
        message = f"Your uncommitted edits of {named} overlap with it. {NOTHING_UNDONE}"
        return TryLater(message, "Commit them or put them aside (git stash), and run it again.")
    if done.state == git_land.BUSY:
        return TryLater(f"{done.detail} {NOTHING_UNDONE}", "Run it again when that is over.")
    return NightrunError(f"{done.detail} {NOTHING_UNDONE}")
