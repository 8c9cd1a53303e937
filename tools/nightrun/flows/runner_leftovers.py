"""Small things that killed runners leave beside their worktrees: locks, branches without work, prompts, halves."""

from __future__ import annotations

import logging
import shutil

from nightrun.flows import runner_attempt, runner_workspace
from nightrun.flows.runner_workspace import ATTEMPT, BRANCHES
from nightrun.flows.runner_world import World
from nightrun.hands import clock, files, git, git_leftovers, git_worktree, lock, sandbox

HALF_WRITTEN = ".*.*.*.new"  # of hands.files: the pid of its writer is in the name

log = logging.getLogger("nightrun.runner")


def clear_git(world: World) -> None:
    """Before anything is done with git: a lock that nobody holds would stop all of it."""
    gone = git_leftovers.clear(world.root)
    if gone:
        log.warning("a git that was killed left %s: removed", ", ".join(gone))


def clear_files(world: World) -> None:
    """Of attempts that nobody works on, and whose worktree is gone."""
    for name in sorted(_names(world)):
        folder = world.state.worktrees / name
        held = lock.hold(runner_workspace.owner_lock(world, folder))
        if held is None:
            continue
        try:
            if not folder.exists():
                _clear(world, name)
        finally:
            runner_workspace.give_up(held)
    for path in world.state.path.rglob(HALF_WRITTEN):
        if _is_gone(path.name.split(".")[-3]):
            path.unlink(missing_ok=True)
    for path in (world.state.path / sandbox.COPIES).glob("*"):
        if _is_gone(path.name):
            files.remove_tree(path)


def _is_gone(pid: str) -> bool:
    return pid.isdecimal() and clock.process_identity(int(pid)) is None


def _names(world: World) -> set[str]:
    """Of attempts that left something."""
    branches = git.text(world.root, "for-each-ref", "--format=%(refname)", f"refs/heads/{BRANCHES}").splitlines()
    names = {one.removeprefix(f"refs/heads/{BRANCHES}") for one in branches}
    names |= {one.name for one in (world.state.path / runner_attempt.PROMPTS).glob("*")}
    names |= {one.name.removesuffix(".gate") for one in (world.state.path / sandbox.ROOMS).glob("*")}
    names |= {one.stem.removeprefix("attempt-") for one in world.state.locks.glob("attempt-*.lock")}
    names |= {one.name for one in git_leftovers.half_made_worktrees(world.root)}
    return {one for one in names if ATTEMPT.fullmatch(one)}


def _clear(world: World, name: str) -> None:
    shutil.rmtree(world.state.path / runner_attempt.PROMPTS / name, ignore_errors=True)
    for room in (name, f"{name}.gate"):
        files.remove_tree(world.state.path / sandbox.ROOMS / room)
    for half in git_leftovers.half_made_worktrees(world.root):
        if half.name == name:
            shutil.rmtree(half, ignore_errors=True)
    drop_without_work(world, name)


def drop_without_work(world: World, name: str) -> None:
    """Remove the branch of an attempt when all that is on it is on the target."""
    branch = f"{BRANCHES}{name}"
    tip = git.tip(world.root, f"refs/heads/{branch}")
    if tip is not None and git.is_ancestor(world.root, tip, world.target_ref):
        git_worktree.delete_branch(world.root, branch, tip)
