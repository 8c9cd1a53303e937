"""Tasks that a red target excused: each is tried once on the same commit, then waits until the target moves."""

from __future__ import annotations

import logging

from nightrun.conditions import gate_red
from nightrun.flows import runner_gate
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.hands import clock, git
from nightrun.hands.client import Refused
from nightrun.words.task import Task

# As long as nothing moved, and `wake` forgot nothing because this runner was started anew.
AGAIN_S = 600.0

log = logging.getLogger("nightrun.runner")


def was_tried(world: World, task: Task) -> bool:
    """Whether its last attempt started from this very commit: another one would spend an agent's work for nothing."""
    return task.id in world.red and world.red[task.id] == git.tip(world.root, world.target_ref)


def found(world: World, task: Task, place: Place) -> bool:
    """Whether the commit that the attempt would begin at fails the gate by itself: then no agent works on it yet.

    What repairs it or looks into what is wrong goes on. So does everything where nobody adds a repair: the task at
    hand may be the one.
    """
    repairs = world.settings.auto_fix and world.policy.monitor.condition(gate_red.NAME).heal
    if not repairs or not world.policy.project.baseline:
        return False
    if place.is_root or place.shared or "condition" in task.context:
        return False
    if not runner_gate.target_is_red(world, task, place.base):
        return False
    world.red[task.id] = place.base
    return True


def why(world: World) -> str:
    return f"needs {world.target} to pass its own gate: on this commit it fails without any work on it"


def wake(world: World) -> None:
    """The target moved: what waited for that is ready now."""
    if not world.red:
        return
    tip = git.tip(world.root, world.target_ref)
    for task_id in [one for one, tried in world.red.items() if tried != tip]:
        del world.red[task_id]
        try:
            world.client.patch(task_id, ready_at=clock.now(), waiting_reason=None)
        except Refused as error:
            log.info("%s: %s", task_id, error.message)
