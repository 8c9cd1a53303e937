"""`isolation: root`: what a killed attempt left in the project root is told from what a person edits there."""

from __future__ import annotations

import logging

from nightrun.flows.runner_world import World
from nightrun.hands import files, git, git_change, git_commit, git_recover, state_file
from nightrun.hands.client import Refused
from nightrun.words.task import COMPLETED

log = logging.getLogger("nightrun.runner")


def began(world: World, *, task_id: str, attempt: int, branch: str, base: str, base_tree: str) -> None:
    """The root was clean, or held finished work only: what differs from `base_tree` from here on is the attempt's."""
    said = {"task_id": task_id, "attempt": attempt, "branch": branch, "base": base, "base_tree": base_tree}
    files.write_json(world.state.root_attempt, said)


def ended(world: World) -> None:
    world.state.root_attempt.unlink(missing_ok=True)


def recover(world: World) -> None:
    """Keep what the attempt did on its branch, and make the root what it was before; a finished change stays there."""
    said = state_file.read_object(world.state.root_attempt)
    tree = _recorded(world, said) if said else None
    if tree is not None:
        since = world.state.root_attempt.stat().st_mtime_ns
        git_recover.fill(world.root, str(said["base_tree"]), tree, since)
    elif said and git.tip(world.root, "HEAD") == said["base"]:
        _keep(world, said)
        git_change.put_back(world.root, str(said["base_tree"]))
    ended(world)


def _recorded(world: World, said: dict[str, object]) -> str | None:
    """The tree of the change when it belongs to a completed task, which is committed from what is recorded."""
    try:
        task = world.client.task(str(said["task_id"]))
    except Refused:
        return None
    done = task.status == COMPLETED and task.attempt == said["attempt"]
    return (task.tree or str(said["base_tree"])) if done else None


def _keep(world: World, said: dict[str, object]) -> None:
    """Once: a recovery that was killed itself may have put half of it back."""
    branch, tree = str(said["branch"]), git_change.snapshot(world.root)
    if tree == said["base_tree"] or git.tip(world.root, f"refs/heads/{branch}") is not None:
        return
    subject = f"nightrun: kept work of an interrupted attempt, {branch.rpartition('/')[2]}"
    git.keep(world.root, f"refs/heads/{branch}", git_commit.kept(world.root, tree, str(said["base"]), subject))
    log.warning("what an interrupted attempt did is kept on branch %s", branch)
