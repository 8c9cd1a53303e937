"""Makes a task's commit: of what changed in the current folder's repository, or of an attempt's finished tree."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nightrun.decisions import hook_text, message
from nightrun.decisions.hook_text import COMMIT_MSG, HookValues
from nightrun.hands import commit_index, git, git_commit, git_status
from nightrun.hands.commit_hooks import PRE_COMMIT, HookRefused, Hooks
from nightrun.hands.commit_index import PrivateIndex
from nightrun.hands.git import GitFailed
from nightrun.hands.git_commit import Place
from nightrun.hands.git_status import Status
from nightrun.words.errors import NightrunError, TryLater, WrongUse
from nightrun.words.task_id import ID_PATTERN

if TYPE_CHECKING:
    from nightrun.hands.attempt_commit import Made

HEAL = "heal"

# Progress.state
COMMITTED = "committed"
NOTHING = "nothing"

AS_IT_WAS = "The work is as it was."
_TRIES = 3  # when the branch moves between the look at it and the commit
_PATHS_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What one call came to. `left_out` are nested repositories: git would record them without their files."""

    state: str  # COMMITTED or NOTHING
    reason: str = ""  # why there was nothing to do
    sha: str | None = None
    branch: str | None = None
    subject: str = ""
    paths: int = 0
    left_out: tuple[str, ...] = ()
    pushed: str | None = None  # the remote


class PushFailed(NightrunError):
    """The commit is there, but the remote does not have it."""


def commit_progress(task_id: str, task_type: str, message: str, push: bool = False) -> bool:
    """Commit all changes of the current folder's repository as one task's commit.

    Nothing to do is True, any failure is False and in the log. A second call with changes makes a second commit:
    nothing that was changed since is left out silently.
    """
    try:
        run(task_id, task_type, message, push=push)
    except Exception as error:  # whoever calls this has a task to end, whatever git says
        import logging  # slow, and only needed here

        hint = getattr(error, "hint", None)
        logging.getLogger("nightrun.commit").error("%s", f"{error} {hint}" if hint else error)
        return False
    return True


def commit_change(
    worktree: Path,
    *,
    ref: str,
    parent: str | None,
    tree: str,
    message: bytes,
    author: str | None,
    sign: bool,
    hooks: Path | None = None,
) -> Made:
    """The same for an attempt: put its finished tree on its branch. Never raises; `Made` says what came of it."""
    from nightrun.hands import attempt_commit  # kept from the small command, which has to be quick

    return attempt_commit.commit_change(
        worktree, ref=ref, parent=parent, tree=tree, message=message, author=author, sign=sign, hooks=hooks
    )


# -- what changed in the current folder's repository


def run(task_id: str, task_type: str, text: str, *, push: bool = False) -> Progress:
    """The same with a result; a failure is a NightrunError that says what to do, and the work is as it was."""
    if task_type == HEAL:
        return Progress(state=NOTHING, reason="Tasks of type heal are never committed.")
    _check(task_id, task_type)
    try:
        for _ in range(_TRIES):
            done = _once(task_id, task_type, text, push=push)
            if done is not None:
                return done
    except GitFailed as error:
        raise NightrunError(f"Nothing was committed: {error.message}", error.hint or AS_IT_WAS) from error
    except OSError as error:
        raise NightrunError(f"Nothing was committed: {error}", AS_IT_WAS) from error
    raise TryLater("The branch moves while it is committed to.", "Run this again when nobody else commits.")


def _check(task_id: str, task_type: str) -> None:
    if not ID_PATTERN.fullmatch(task_id):
        allowed = "Letters, digits, `.`, `_` and `-` are allowed, a letter or digit first."
        raise WrongUse(f"{task_id!r} is no id of a task.", allowed)
    if not hook_text.is_type(task_type):
        raise WrongUse(f"{task_type!r} is no type of a task.", "Types are words such as spec, impl, test and review.")


def _once(task_id: str, task_type: str, text: str, *, push: bool) -> Progress | None:
    """None when the branch moved meanwhile."""
    where = Path.cwd()
    try:
        status = git_status.look(where)
    except GitFailed:
        if git.toplevel(where) is not None:
            raise
        return Progress(state=NOTHING, reason=f"{where} is not inside a git repository.")
    if status.is_clean:
        return _nothing(where, status, task_id, push=push)
    place = git_commit.place(where, status.head)
    _refuse_unfit(place, status)
    values = _values(place)
    if task_type not in values.types:
        return _not_committed(place, task_type, values)
    return _commit_all(place, status, _Wanted.of(place, task_id, task_type, text, values), push=push)


def _nothing(where: Path, status: Status, task_id: str, *, push: bool) -> Progress:
    """A push that failed after the commit of this task is made up for."""
    nothing = Progress(
        state=NOTHING,
        reason="Nothing changed.",
        sha=status.head,
        branch=status.branch,
        left_out=tuple(status.nested),
    )
    if push and status.branch and status.head and _is_of_task(where, status.head, task_id):
        return _pushed(where, nothing)
    return nothing


def _is_of_task(where: Path, sha: str, task_id: str) -> bool:
    raw = git.run(where, "cat-file", "commit", sha).out.partition(b"\n\n")[2]
    return message.trailers(raw).get(message.TASK) == [task_id]


def _refuse_unfit(place: Place, status: Status) -> None:
    """Adding would hide a conflict, and a commit would end up in somebody's rebase or on no branch."""
    operation = git.operation(place.git_dir)
    if operation == "bisect":
        raise NightrunError("Nothing was committed: a bisect is in progress.", "End it first: git bisect reset")
    if operation:
        article = "an" if operation[0] in "aeiou" else "a"
        raise NightrunError(
            f"Nothing was committed: {article} {operation} is in progress.",
            f"Finish it or give it up first: git {operation} --continue, or git {operation} --abort",
        )
    if status.unmerged:
        shown = ", ".join(status.unmerged[:_PATHS_SHOWN])
        raise NightrunError(
            f"Nothing was committed: {shown} {'has' if len(status.unmerged) == 1 else 'have'} conflicts.",
            "Resolve them and `git add` what you resolved.",
        )
    if status.branch is None:
        raise NightrunError(
            "Nothing was committed: HEAD is detached, the commit would be on no branch.",
            "git switch BRANCH, or git switch -c NEW-BRANCH",
        )


@dataclass(frozen=True, kw_only=True)
class _Wanted:
    """The commit as it is to be."""

    message: bytes
    sign: bool

    @classmethod
    def of(cls, place: Place, task_id: str, task_type: str, text: str, values: HookValues) -> _Wanted:
        length = values.subject_length
        # Not made up: without a message there is at least the type to tell.
        direction = text if text.strip() else f"{task_type} completed"
        if len(message.subject(task_type, task_id, direction, length)) > length:
            raise WrongUse(
                f"The id {task_id} leaves no room for a text in a subject of {length} characters.",
                "Use a shorter id, or raise commit.subject_length in pipeline.yaml and run: nightrun setup",
            )
        whole = message.commit(task_type=task_type, task_id=task_id, direction=direction, subject_length=length)
        return cls(message=whole, sign=git_commit.signs(place.top) and not _never_signs(place))

    @property
    def subject(self) -> str:
        return self.message.partition(b"\n")[0].decode()


def _values(place: Place) -> HookValues:
    """What the installed hook will ask of the message; reading the policy itself would cost more than the commit."""
    for name in (COMMIT_MSG, f"{COMMIT_MSG}.legacy"):  # where pre-commit puts the hook that it found
        try:
            found = hook_text.values_in((place.hooks / name).read_bytes())
        except OSError:
            continue
        if found is not None:
            return found
    if not (place.top / "pipeline.yaml").exists():
        return HookValues()
    from nightrun.hands import hooks

    return hooks.values_for(place.top)


def _not_committed(place: Place, task_type: str, values: HookValues) -> Progress:
    """Of a type that the policy knows and does not commit; WrongUse of another one."""
    if (place.top / "pipeline.yaml").exists():
        from nightrun.hands import policy_file

        known = dict(policy_file.load(place.top).task_types.items()).get(task_type)
        if known is not None and not known.commit:
            return Progress(state=NOTHING, reason=f"The policy says that tasks of type {task_type} do not commit.")
        if known is not None:
            raise WrongUse(f"The commit-msg hook does not know the type {task_type} yet.", "Run: nightrun setup")
    raise WrongUse(f"{task_type!r} is no type of task that commits.", f"These are: {', '.join(values.types)}")


def _never_signs(place: Place) -> bool:
    if not (place.top / "pipeline.yaml").exists():
        return False
    from nightrun.hands import policy_file

    return policy_file.load(place.top).commit.sign == "never"


def _commit_all(place: Place, status: Status, wanted: _Wanted, *, push: bool) -> Progress | None:
    own = [*status.changed, *status.gone]
    with commit_index.private(place, place.common) as index:
        index.stage(status)
        hooks = Hooks(place=place, environment=index.environment)
        tree = index.tree()
        if not _is_empty(place, status, tree):
            tree = _after_pre_commit(hooks, index, own, tree)
        if _is_empty(place, status, tree):
            # Other line ends at most, or a commit that was killed before it could bring the index up to date.
            index.install(own)
            return _nothing(place.top, status, "", push=False)
        final = hooks.final_message(wanted.message)
        sha = git_commit.commit_tree(place.top, tree, status.head, final, author=None, sign=wanted.sign)
        ref, reason = f"refs/heads/{status.branch}", f"commit: {wanted.subject}"
        if not git_commit.move_ref(place.top, ref, sha, status.head, reason, common=place.common):
            return None
        _install(index, [*own, *status.staged], sha)
    Hooks(place=place, environment=commit_index.own(place)).post_commit()
    done = Progress(
        state=COMMITTED,
        sha=sha,
        branch=status.branch,
        subject=wanted.subject,
        paths=len(own) + len(status.staged),
        left_out=tuple(status.nested),
    )
    return _pushed(place.top, done) if push else done


def _is_empty(place: Place, status: Status, tree: str) -> bool:
    return tree == place.tree or (status.head is None and not status.changed and not status.staged)


def _after_pre_commit(hooks: Hooks, index: PrivateIndex, own: list[str], before: str) -> str:
    """A formatter refuses once and leaves its changes; what it did to the own paths is taken, and it is asked again."""
    if not hooks.place.has_hook(PRE_COMMIT):
        return before
    try:
        hooks.pre_commit()
    except HookRefused:
        index.restage(own)
        if index.tree() == before:
            raise
        hooks.pre_commit()
    return index.tree()


def _install(index: PrivateIndex, paths: list[str], sha: str) -> None:
    try:
        index.install(paths)
    except (NightrunError, OSError) as error:
        raise NightrunError(
            f"The commit {sha[:10]} is made, but git's index is not up to date: {error}",
            getattr(error, "hint", None) or "Run this again: it brings the index up to date.",
        ) from error


def _pushed(where: Path, done: Progress) -> Progress:
    assert done.branch is not None and done.sha is not None
    kept = f"The commit {done.sha[:10]} stays on {done.branch}; run the same again to push it."
    try:
        remote = _remote(where, done.branch)
        pushed = git.push(where, remote, done.sha, done.branch)
    except GitFailed as error:
        raise PushFailed(f"The push failed: {error.message}", kept) from error
    if pushed.state != "done":
        how = "was refused" if pushed.state == "refused" else "failed"
        raise PushFailed(f"The push to {remote} {how}: {pushed.detail}", kept)
    return replace(done, pushed=remote)


def _remote(where: Path, branch: str) -> str:
    """Where `git push` would go."""
    asked = r"^(remote\.pushdefault|branch\..*\.(pushremote|remote))$"
    listed = git.run(where, "config", "-z", "--get-regexp", asked, ok=(0, 1), network=True).out
    known = dict(one.partition("\n")[::2] for one in os.fsdecode(listed).split("\0"))
    for name in (f"branch.{branch}.pushremote", "remote.pushdefault", f"branch.{branch}.remote"):
        if known.get(name, ".") != ".":
            return known[name]
    return "origin"
