"""Puts the change of a task that worked on where an earlier one of its chain stopped onto the commit of that one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nightrun.decisions import landing
from nightrun.flows import runner_gate, runner_land, runner_workspace
from nightrun.flows.runner_world import World
from nightrun.hands import git, git_change, git_commit, git_land
from nightrun.words import gate as gates
from nightrun.words import task as words
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task


def put(world: World, task: Task) -> Task:
    """With the earlier one's commit as its base, or back at work when the two do not fit; refused before that landed.

    Its tree holds the earlier one's change, too: on the old base both would be one commit, or a conflict.
    """
    began = task.context.get("began_at")
    earlier = runner_workspace.before_in_chain(world.client, task) if began else None
    if earlier is None:
        return task
    if earlier.commit_state != words.COMMIT_LANDED or earlier.commit_sha is None:
        what = f"{task.task_type} {task.id} builds on {earlier.task_type} {earlier.id}, whose change has not landed."
        raise NightrunError(what, f"nightrun commit {earlier.id}")
    if task.base == earlier.commit_sha:
        return task
    theirs = git.tree_of(world.root, earlier.commit_sha)
    if theirs == began:
        return world.client.patch(task.id, base=earlier.commit_sha)
    return _merged(world, task, str(began), theirs, earlier.commit_sha)


def _merged(world: World, task: Task, began: str, theirs: str, base: str) -> Task:
    """The earlier one was rebased when it landed: what this task did is done to the tree of its commit."""
    assert task.tree is not None and task.base is not None
    start = git_commit.kept(world.root, began, task.base, "nightrun: where two changes began")
    one, other = (git_commit.kept(world.root, tree, start, "nightrun: a change") for tree in (theirs, task.tree))
    merged = git_land.merge(world.root, one, other)
    if merged.conflicts:
        return _reopened(world, task, landing.conflict_words(merged.conflicts, world.target, base))
    place = runner_land.place_of(world, replace(task, base=base, tree=merged.tree))
    git_change.put_back(place.path, merged.tree, leave_out=place.links)
    gate = runner_gate.check(world, task, place.path, merged.tree)
    if gate.result == gates.FAILED:
        return _reopened(world, task, f"with what landed on {world.target} meanwhile: {gate.problem}")
    said: dict[str, Any] = {"base": base, "tree": merged.tree, "gate": gate.to_json(), "worktree": str(place.path)}
    return world.client.patch(task.id, **said)


def _reopened(world: World, task: Task, reason: str) -> Task:
    world.client.patch(task.id, commit_state=words.COMMIT_PENDING)
    return runner_land.back_to_work(world, task, reason)
