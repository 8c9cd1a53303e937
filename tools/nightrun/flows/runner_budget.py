"""What may still be used by this task and in this night: looked at before each claim, each start and each next try."""

from __future__ import annotations

import logging
from typing import Any

from nightrun.decisions import budget
from nightrun.decisions.pausing import INTAKE
from nightrun.flows.runner_world import World
from nightrun.hands import state_file
from nightrun.hands.client import ApiAway
from nightrun.words.outcome import Outcome
from nightrun.words.task import Task

BY = "budget"  # a pause of its own: what ends the others, such as room on the disk, does not end it

log = logging.getLogger("nightrun.runner")


def look(world: World) -> None:
    """Pause intake when the night's budget is used up; open it again when a new fact says that it is not."""
    used = _used_in_night(world)
    if used == world.over_budget:
        return
    if used:
        log.warning("%s", budget.why_paused(used))
        world.client.pause(INTAKE, budget.why_paused(used)[:1000], by=BY)
    else:
        world.client.resume(INTAKE, by=BY)
    world.over_budget = used


def why_not(world: World, task: Task) -> str:
    """Why a task that was claimed is not begun: other runners used the rest. Empty when it may be."""
    used = _used_in_night(world, before=task.started_at)
    return budget.why_paused(used) if used else ""


def _used_in_night(world: World, before: float | None = None) -> str:
    wanted = budget.of_night(world.policy.limits)
    return budget.used_up(_of_night(world, before), wanted) if wanted.is_set else ""


def _of_night(world: World, before: float | None = None) -> dict[str, Any]:
    since = state_file.read_object(world.state.run_json).get("night_since")
    known = isinstance(since, (int, float))
    return world.client.spent(since=float(since) if known and since else world.begun, before=before)


# -- time


def most_seconds(world: World, task: Task, timeout_s: float) -> tuple[float, str]:
    """How long an attempt may take, and whose limit that is: its type's (empty), its task's or the night's."""
    limits = world.policy.limits
    found = [(timeout_s, "")]
    for whose, wanted in (("task", budget.of_task(limits)), ("night", budget.of_night(limits))):
        if wanted.minutes is not None:
            spent = _of_night(world, task.started_at) if whose == "night" else world.client.task_spent(task.id)
            found.append((max(1.0, budget.seconds_left(spent, wanted) or 0.0), whose))
    return min(found)


def of_time(outcome: Outcome, whose: str) -> Outcome:
    """An attempt that was ended because the minutes of the night or of its task were used up."""
    if outcome.kind != "timeout" or not whose:
        return outcome
    return budget.out_of_time(outcome, whose)


# -- a task that is to be tried again


def question(world: World, task: Task, used: dict[str, Any]) -> str:
    """What to ask a person instead of trying again: empty when the task may go on. `used`: by the attempt that ends."""
    wanted = budget.of_task(world.policy.limits)
    if not wanted.is_set:
        return ""
    try:
        spent = world.client.task_spent(task.id)
    except ApiAway:
        return ""  # it is looked at again when the next attempt ends
    found = budget.used_up(budget.with_attempt(spent, used), wanted)
    return budget.question(found) if found else ""
