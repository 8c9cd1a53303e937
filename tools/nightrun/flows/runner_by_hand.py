"""A person commits and lands what a runner left, the same way as a runner, or refuses it."""

from __future__ import annotations

from pathlib import Path

from nightrun.flows import runner_land, runner_onto, runner_recover, runner_world
from nightrun.flows.runner_world import World
from nightrun.hands.client import Client
from nightrun.words import task as words
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

NAME = "by-hand"


def land(root: Path, task_id: str) -> Task:
    """The task as it is then; refused when there is nothing to commit."""
    world = runner_world.make(root, NAME)
    task = world.client.task(task_id)
    _check(world, task)
    runner_land.recover(world)
    if runner_onto.put(world, task).status != words.COMPLETED:
        return world.client.task(task.id)
    agreed = world.client.patch(
        task.id, commit_state=words.COMMIT_PENDING, commit_reason=None, context={"agreed": True}
    )
    return _again(world, world.client, agreed)


def refuse(root: Path, task_id: str, why: str) -> Task:
    """The task back at work, told what was found and what the person said; its commit stays on the attempt's branch."""
    client = Client.for_repo(root)
    task = client.task(task_id)
    if task.status != words.COMPLETED or task.commit_state not in words.UNLANDED:
        state = f"{task.task_type} {task.id} is {task.status}, its change {task.commit_state}"
        hint = f"nightrun undo --task {task.id}" if task.commit_state == words.COMMIT_LANDED else None
        raise NightrunError(f"{state}: nothing waits for your word.", hint)
    found = "; ".join(str(one) for one in task.context.get("held") or ())
    said = f"A person refused the change: {why}" if why else "A person refused the change."
    reason = f"{said} It had been held: {found}" if found else said
    return client.reopen(task.id, reason, error_class="scan", costs_attempt=False)


def _again(world: World, client: Client, task: Task) -> Task:
    runner_recover.again(world, task)
    return client.task(task.id)


def _check(world: World, task: Task) -> None:
    name = f"{task.task_type} {task.id}"
    if task.commit_state == words.COMMIT_LANDED:
        raise NightrunError(f"{name} has landed already.", f"git show {task.commit_sha}")
    if task.status != words.COMPLETED:
        raise NightrunError(f"{name} is {task.status}, not completed.", f"nightrun logs {task.id}")
    if not world.policy.task_types[task.task_type].commit:
        hint = f"Its change is on branch {task.branch}." if task.branch else None
        raise NightrunError(f"{task.task_type} tasks are not committed.", hint)
    if task.tree is None:
        raise NightrunError(f"{name} has nothing to commit: {task.commit_reason or 'nothing was changed'}.")
