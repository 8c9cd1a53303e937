"""Tasks that a red target excused: each is tried once on the same commit, then waits until the target moves."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from nightrun.conditions import gate_red
from nightrun.flows import runner_gate
from nightrun.flows.runner_attempt import Judged
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.hands import clock, git
from nightrun.hands.client import Refused
from nightrun.words import gate as gates
from nightrun.words import task as words
from nightrun.words.outcome import COMPLETED, Outcome
from nightrun.words.task import Task

# As long as nothing moved: `wake` looks for that each round.
AGAIN_S = 600.0
PAGE = 100  # tasks that the API lists at once
NOBODY = "nightrun"  # stands for the agent: none was started

log = logging.getLogger("nightrun.runner")


def begin(world: World) -> None:
    """What an earlier run said of the target and put off is looked at anew: the target, agents and policy may be
    others now."""
    world.report(target_gate=None)
    for task in list(_waiting(world)):
        _wake(world, task.id)


def _waiting(world: World) -> Iterator[Task]:
    offset, total = 0, 1
    while offset < total:
        page, total = world.client.tasks(status=words.PENDING, limit=PAGE, offset=offset, order="oldest")
        yield from (one for one in page if one.outcome == "waiting" and one.waiting_reason)
        offset += PAGE


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


def is_over(world: World, task: Task) -> bool:
    """Whether the repair is not needed any more: the target passes the gate by itself."""
    if world.in_root or task.context.get("condition") != gate_red.NAME or not world.policy.project.baseline:
        return False
    tip = git.tip(world.root, world.target_ref)
    return tip is not None and runner_gate.of_target(world, task, tip) == gates.PASSED


def not_needed(world: World) -> Judged:
    """What comes of a repair that was not begun."""
    said = f"{world.target} passes its gate now, so nothing was left to repair"
    return Judged(outcome=Outcome(kind=COMPLETED, summary=said), agent=NOBODY, reason=said)


def wake(world: World) -> None:
    """The target moved: what waited for that is ready now."""
    told = world.reported.get("target_gate") or {}
    if not world.red and told.get("result") != gates.FAILED:
        return
    tip = git.tip(world.root, world.target_ref)
    if tip is not None:
        runner_gate.target_moved(world, tip)
    for task_id in [one for one, tried in world.red.items() if tried != tip]:
        del world.red[task_id]
        _wake(world, task_id)


def _wake(world: World, task_id: str) -> None:
    try:
        world.client.patch(task_id, ready_at=clock.now(), waiting_reason=None)
    except Refused as error:
        log.info("%s: %s", task_id, error.message)
