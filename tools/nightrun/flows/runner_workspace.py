"""Where an attempt works: a worktree and branch of its own, or the project root itself; and how it is left."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nightrun.flows import runner_root
from nightrun.flows.runner_world import World
from nightrun.hands import git, git_change, git_commit, git_worktree, left_work, lock
from nightrun.hands.client import Client
from nightrun.hands.lock import Lock
from nightrun.words.errors import NightrunError
from nightrun.words.task import COMMIT_NONE, COMPLETED, Task

BRANCHES = "pipeline/"
ATTEMPT = re.compile(r"(?P<task>[A-Za-z0-9][A-Za-z0-9._-]*)\.(?P<attempt>[0-9]+)")  # names folder and branch

log = logging.getLogger("nightrun.runner")


class NoWorkspace(NightrunError):
    """The attempt cannot begin; nothing was done."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A work tree with a base: everything that differs from `base` is the attempt's."""

    path: Path
    branch: str
    base: str  # commit
    base_tree: str
    links: tuple[str, ...] = ()  # names in it that are links of ours, never committed
    is_root: bool = False
    shared: bool = False  # holds finished work of the same chain that was not committed
    resumed: str = ""  # branch of an interrupted attempt whose work is in it already
    left_on: str = ""  # the same, when its work is on that branch only

    @property
    def ref(self) -> str:
        return f"refs/heads/{self.branch}"


def branch_of(task: Task) -> str:
    return f"{BRANCHES}{task.id}.{task.attempt}"


def folder_of(world: World, task_id: str, attempt: int) -> Path:
    return world.state.worktrees / f"{task_id}.{attempt}"


# -- who works in it


def owner_lock(world: World, folder: Path) -> Path:
    return world.state.lock(f"attempt-{folder.name}")


@contextmanager
def owned(world: World, folder: Path) -> Iterator[None]:
    """While this holds, no other runner clears the folder up."""
    held = lock.hold(owner_lock(world, folder))
    if held is None:
        raise NoWorkspace(f"Another runner works in {folder}.")
    try:
        yield
    finally:
        give_up(held)


def give_up(held: Lock) -> None:
    held.path.unlink(missing_ok=True)
    held.release()


# -- beginning


def prepare(world: World, task: Task) -> Place:
    """NoWorkspace or GitFailed when it cannot be made."""
    if world.in_root:
        return _root(world, task)
    shared = _of_the_chain(world, task)
    if shared is not None:
        return shared
    found = git.tip_and_tree(world.root, world.target_ref)
    if found is None:
        raise NoWorkspace(f"There is no branch {world.target} yet.", "Make a first commit, or set project.target.")
    base, base_tree = found
    path, branch = folder_of(world, task.id, task.attempt), branch_of(task)
    git_worktree.add(world.root, path, branch, base)
    return Place(path=path, branch=branch, base=base, base_tree=base_tree, links=link(world, path))


def _root(world: World, task: Task) -> Place:
    """The specification's literal mode: the project root, on its own branch."""
    state = git.state(world.root)
    if state.operation or state.head is None or state.branch != world.target:
        what = f"a {state.operation} is in progress" if state.operation else f"it is not on branch {world.target}"
        raise NoWorkspace(f"Nothing is done in the project root: {what}.")
    own = _earlier_of_the_chain(world, task)
    if own is None and git_change.changed_paths(world.root):
        raise NoWorkspace(
            "Nothing is done in the project root: it has uncommitted changes.",
            "Commit them or put them aside (git stash); with isolation: worktree they are in nobody's way.",
        )
    base_tree = (own.tree if own is not None else None) or git.tree_of(world.root, "HEAD")
    branch = branch_of(task)
    runner_root.began(world, task_id=task.id, attempt=task.attempt, branch=branch, base=state.head, base_tree=base_tree)
    return Place(path=world.root, branch=branch, base=state.head, base_tree=base_tree, is_root=True)


def _of_the_chain(world: World, task: Task) -> Place | None:
    """With auto-commit off the next task of a chain works on where the last one stopped (DESIGN 3.7)."""
    earlier = _earlier_of_the_chain(world, task)
    if earlier is None or not earlier.worktree or not earlier.branch or not earlier.base:
        return None
    path = Path(earlier.worktree)
    if not path.is_dir():
        return None
    links = links_in(world, path)
    base_tree = earlier.tree or git.tree_of(path, "HEAD")
    _keep_of_killed(world, task, path, links, earlier.base, base_tree)
    return Place(path=path, branch=branch_of(task), base=earlier.base, base_tree=base_tree, links=links, shared=True)


def _keep_of_killed(world: World, task: Task, path: Path, links: tuple[str, ...], base: str, base_tree: str) -> None:
    """What differs here from the finished work is of an attempt of this task whose runner was killed."""
    tree = git_change.snapshot(path, leave_out=links)
    if tree == base_tree:
        return
    name = f"{task.id}.{task.attempt - 1}"
    sha = git_commit.kept(path, tree, base, f"nightrun: kept work of an interrupted attempt, {name}")
    git.keep(world.root, f"refs/heads/{BRANCHES}{name}", sha)
    git_change.put_back(path, base_tree, leave_out=links)


def _earlier_of_the_chain(world: World, task: Task) -> Task | None:
    """The task before this one, when its finished change was left where it was made."""
    earlier = before_in_chain(world.client, task)
    left = earlier is not None and earlier.commit_state == COMMIT_NONE and earlier.worktree
    return earlier if left else None


def before_in_chain(client: Client, task: Task) -> Task | None:
    """The last completed task before this one that changed something: a review often does not."""
    one: Task | None = task
    while one is not None and one.depends_on and one.context.get("follows"):
        one = _task(client, str(one.context["follows"]))
        if one is not None and one.status == COMPLETED and one.tree is not None:
            return one
    return None


def _task(client: Client, task_id: str) -> Task | None:
    try:
        return client.task(task_id)
    except NightrunError:
        return None


def link(world: World, worktree: Path) -> tuple[str, ...]:
    """Link what the policy wants from the project root into a new worktree; the names that are links now."""
    return tuple(name for name in world.policy.workspace.link if _link(world.root, worktree, name))


def links_in(world: World, worktree: Path) -> tuple[str, ...]:
    """What is linked in a worktree that was made before; never work."""
    return tuple(name for name in world.policy.workspace.link if (worktree / name).is_symlink())


def _link(root: Path, worktree: Path, name: str) -> bool:
    source, link = root / name, worktree / name
    if not source.exists() or link.exists() or link.is_symlink():
        return False
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(source)
    return True


# -- ending


def keep_work(world: World, task: Task, place: Place, why: str) -> str | None:
    """What an attempt that did not complete left, as a commit on its branch; the commit, None when it left nothing.

    Not a commit of the pipeline: it has no trailer and never lands.
    """
    tree = git_change.snapshot(place.path, leave_out=place.links)
    if tree == place.base_tree:
        return None
    subject = f"nightrun: kept work of {task.task_type} {task.id}, attempt {task.attempt} ({why})"
    return keep_tree(world, place, tree, subject)


def keep_tree(world: World, place: Place, tree: str, subject: str) -> str:
    sha = git_commit.kept(place.path, tree, place.base, subject)
    git.keep(world.root, place.ref, sha)
    return sha


def leave(world: World, place: Place, *, keep_branch: bool) -> None:
    """Give the worktree back. One that is not the attempt's alone is put as it was: its work is on its branch."""
    if place.is_root or place.shared:
        git_change.put_back(place.path, place.base_tree, leave_out=place.links)
        if place.is_root:
            runner_root.ended(world)
        return
    tip = None if keep_branch else git.tip(world.root, place.ref)
    git_worktree.remove(world.root, place.path)
    if tip is not None:
        git_worktree.delete_branch(world.root, place.branch, tip)


def leave_landed(world: World, place: Place, sha: str | None) -> None:
    """Its commit is on the target: neither the worktree nor the branch is needed any more."""
    if place.is_root:
        runner_root.ended(world)
        return
    git_worktree.remove(world.root, place.path)
    if sha is None or not git.drop(world.root, place.ref, sha):
        log.info("branch %s stays, it is not at the commit that landed", place.branch)


def leave_finished(world: World, task: Task, place: Place, tree: str | None, *, changed: bool) -> None:
    """A completed task that makes no commit now. A change is kept on the branch; what can still be committed stays."""
    if changed and tree is not None:
        can_be_committed = world.policy.task_types[task.task_type].commit
        subject = f"nightrun: work of {task.task_type} {task.id}, which is not committed"
        keep_tree(world, place, tree, left_work.subject(task.task_type, task.id) if can_be_committed else subject)
        if can_be_committed:
            runner_root.ended(world)
            return
    leave(world, place, keep_branch=changed)


def remove_folder_of(world: World, task: Task) -> None:
    """Of an attempt that could not begin."""
    path = folder_of(world, task.id, task.attempt)
    if path.exists():
        git_worktree.remove(world.root, path)
