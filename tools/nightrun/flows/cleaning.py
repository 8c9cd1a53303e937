"""Finds what attempts left behind and removes it, one thing at a time, each under the lock of its attempt."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from nightrun.decisions import cleaning
from nightrun.decisions.cleaning import Plan, Thing
from nightrun.hands import (
    clock,
    files,
    git,
    git_change,
    git_commit,
    git_trust,
    git_worktree,
    lock,
    own_api,
    policy_file,
    sandbox_cache,
)
from nightrun.hands.client import Client, Refused
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words.errors import NightrunError

PROMPTS = "prompts"  # folder of the state folder
BUSY = "an attempt runs in it"


def look(root: Path) -> Plan:
    """Nothing is changed."""
    state = StateDir(root)
    if not state.path.is_dir():
        return Plan()
    git_trust.check(root)
    things = [*_worktrees(root, state), *_refs(root, state, _target(root)), *_files(state)]
    return cleaning.plan(things, _needed(root, state, things), now=clock.now())


def remove(root: Path, things: Sequence[Thing]) -> Iterator[tuple[Thing, str]]:
    """Each thing as it is done with; the text says why it was not removed, and is empty when it was."""
    state = StateDir(root)
    for one in things:
        try:
            with _owned(state, one.attempt) as mine:
                yield one, _remove(root, one) if mine else BUSY
        except (NightrunError, OSError) as error:
            yield one, str(error)


def _target(root: Path) -> str:
    policy = policy_file.load(root) if (root / policy_file.NAME).exists() else Policy()
    branch = policy.project.target or git.current_branch(root)
    if branch is None or git.tip(root, f"refs/heads/{branch}") is None:
        raise NightrunError(
            "It is not known where work lands, so nothing is known to be in the history.",
            "git switch BRANCH, or set project.target in pipeline.yaml.",
        )
    return f"refs/heads/{branch}"


# -- what there is


def _worktrees(root: Path, state: StateDir) -> Iterator[Thing]:
    """A folder with another branch than its own, or one that git does not know, is not ours to judge."""
    for path, head, branch in git.worktrees(root)[1:]:
        name = path.name
        ours = path.parent == state.worktrees and cleaning.ATTEMPT.fullmatch(name)
        if not ours or head is None or branch not in (None, f"pipeline/{name}") or not path.is_dir():
            continue
        with _owned(state, name) as mine:
            in_history = mine and _is_spent(root, path, head, on_branch=branch is not None)
        size = files.size(path)
        yield Thing(kind=cleaning.WORKTREE, name=str(path), attempt=name, sha=head, size=size, in_history=in_history)


def _is_spent(root: Path, path: Path, head: str, *, on_branch: bool) -> bool:
    """Whether nothing is lost with the folder: what its branch holds stays."""
    reachable = on_branch or git.is_ancestor(root, head, _target(root))
    return reachable and git_change.snapshot(path, leave_out=_links(root, path)) == git.tree_of(path, head)


def _refs(root: Path, state: StateDir, target: str) -> Iterator[Thing]:
    """Without branches that somebody has checked out somewhere else than their attempt."""
    trees = git.worktrees(root)
    elsewhere = {branch for path, _, branch in trees if branch and path != state.worktrees / branch.partition("/")[2]}
    prefixes = (cleaning.BRANCH_REFS, cleaning.KEPT_REFS, cleaning.RECOVERY_REFS)
    listed = git.text(root, "for-each-ref", "--format=%(objectname) %(refname)", *prefixes).splitlines()
    for sha, _, ref in (line.partition(" ") for line in listed):
        attempt = cleaning.attempt_of(ref) if ref.removeprefix("refs/heads/") not in elsewhere else ""
        if ref.startswith(cleaning.RECOVERY_REFS):
            yield Thing(kind=cleaning.RECOVERY, name=ref, sha=sha)
        elif attempt:
            kind = cleaning.BRANCH if ref.startswith(cleaning.BRANCH_REFS) else cleaning.KEPT
            is_in = _is_in_history(root, sha, target)
            yield Thing(kind=kind, name=ref, attempt=attempt, sha=sha, in_history=is_in)


def _files(state: StateDir) -> Iterator[Thing]:
    for path in sorted(state.task_logs.glob("*.log*")):
        found = cleaning.ATTEMPT.match(path.name.partition(".log")[0])
        about = path.stat()
        attempt = found[0] if found else ""
        yield Thing(kind=cleaning.LOG, name=str(path), attempt=attempt, size=about.st_size, at=about.st_mtime)
    for path in sorted((state.path / PROMPTS).glob("*")):
        if cleaning.ATTEMPT.fullmatch(path.name):
            at = path.stat().st_mtime
            yield Thing(kind=cleaning.PROMPT, name=str(path), attempt=path.name, size=files.size(path), at=at)
    for path in sandbox_cache.folders(state):
        if size := files.size(path):
            yield Thing(kind=cleaning.CACHE, name=str(path), size=size)


def _is_in_history(root: Path, sha: str, target: str) -> bool:
    """Reachable, or landed as the same patch: commit by commit, or all of them as one."""
    if git.is_ancestor(root, sha, target):
        return True
    if _is_there(root, sha, target):
        return True
    base = git.text(root, "merge-base", target, sha, ok=(0, 1))
    if not base:
        return False
    tree = git.tree_of(root, sha)
    if tree == git.tree_of(root, base):
        return True
    whole = git_commit.commit_tree(root, tree, base, b"nightrun: to compare\n", author=None, sign=False)
    return _is_there(root, whole, target)


def _is_there(root: Path, sha: str, target: str) -> bool:
    """Merges are not in the list: one that is not in the target cannot be compared."""
    if git.text(root, "rev-list", "--merges", "--max-count=1", sha, f"^{target}"):
        return False
    told = git.text(root, "cherry", target, sha).splitlines()
    return bool(told) and all(line.startswith("- ") for line in told)


def _links(root: Path, worktree: Path) -> list[str]:
    """Names in it that are links into the project, as the policy makes them; never work."""
    policy = policy_file.load(root) if (root / policy_file.NAME).exists() else Policy()
    return [name for name in policy.workspace.link if (worktree / name).is_symlink()]


# -- what is needed


def _needed(root: Path, state: StateDir, things: Sequence[Thing]) -> dict[str, str]:
    """Of attempts that run, and of tasks that are not done with."""
    attempts = {one.attempt for one in things if one.attempt}
    needed = {name: BUSY for name in attempts if _is_busy(state, name)}
    if not attempts or not state.db.exists():
        return needed
    folders = {one.attempt for one in things if one.kind == cleaning.WORKTREE}
    with own_api.answering(root, lambda: None) as client:
        for name in attempts - needed.keys():
            if why := _why_needed(client, name, has_worktree=name in folders):
                needed[name] = why
    return needed


def _why_needed(client: Client, name: str, *, has_worktree: bool) -> str:
    found = cleaning.ATTEMPT.fullmatch(name)
    if found is None:
        return "it is not known whose it is"
    try:
        return cleaning.needs(client.task(found["task"]), int(found["attempt"]), has_worktree=has_worktree)
    except Refused:
        return ""  # the store knows nothing of it


def _is_busy(state: StateDir, name: str) -> bool:
    path = state.lock(f"attempt-{name}")
    if not path.exists():
        return False
    held = lock.hold(path)
    if held is None:
        return True
    held.release()
    return False


@contextmanager
def _owned(state: StateDir, attempt: str) -> Iterator[bool]:
    """While this holds no runner works in it: the lock is the runners' own."""
    held = lock.hold(state.lock(f"attempt-{attempt}")) if attempt else None
    if attempt and held is None:
        yield False
        return
    try:
        yield True
    finally:
        if held is not None:
            held.path.unlink(missing_ok=True)
            held.release()


# -- removing


def _remove(root: Path, one: Thing) -> str:
    if one.kind == cleaning.WORKTREE:
        return _remove_worktree(root, one)
    if one.kind in (cleaning.BRANCH, cleaning.KEPT):
        return _remove_ref(root, one)
    if one.kind == cleaning.RECOVERY:
        return "" if git.drop(root, one.name, one.sha) else "it was moved meanwhile"
    path = Path(one.name)
    if one.kind == cleaning.CACHE:
        return "" if sandbox_cache.empty(StateDir(root), path) else "a program uses it; it goes when that has ended"
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return ""


def _remove_worktree(root: Path, one: Thing) -> str:
    """What is in it is looked at again: the lock keeps runners out, not a person."""
    path = Path(one.name)
    git_worktree.clear_stale_locks(root, path)
    head = git.tip(path, "HEAD")
    if head is None:
        return "git cannot say what is in it"
    tree = git_change.snapshot(path, leave_out=_links(root, path))
    if tree != git.tree_of(path, head):
        if one.in_history:
            return "it was changed meanwhile"
        subject = f"nightrun: work of {one.attempt}, removed by clean\n"
        head = git_commit.commit_tree(path, tree, head, subject.encode(), author=None, sign=False)
    if not one.in_history:
        _keep_for_a_while(root, one, head)
    git_worktree.remove(root, path)
    return ""


def _remove_ref(root: Path, one: Thing) -> str:
    if not one.in_history:
        _keep_for_a_while(root, one, one.sha)
    if one.kind == cleaning.KEPT:
        return "" if git.drop(root, one.name, one.sha) else "it was moved meanwhile"
    gone = git_worktree.delete_branch(root, one.name.removeprefix("refs/heads/"), one.sha)
    return "" if gone else "it was moved meanwhile, or is checked out"


def _keep_for_a_while(root: Path, one: Thing, sha: str) -> None:
    found = Thing(kind=one.kind, name=one.name, attempt=one.attempt, sha=sha)
    git.keep(root, cleaning.recovery_ref(found, now=clock.now()), sha)
