"""Which agents can work here now, and which of them takes a task."""

from __future__ import annotations

import os
from collections.abc import Mapping

from nightrun.decisions import agent_choice
from nightrun.decisions.agent_choice import Waiting
from nightrun.flows.runner_world import World
from nightrun.hands import clock, programs
from nightrun.words.agent import AgentSpec
from nightrun.words.task import TASK_TYPES, Task

RECHECK_S = 900.0  # a task that nobody here can do is looked at again after this


def here(world: World) -> dict[str, AgentSpec]:
    """The agents whose program is on this machine, by name."""
    path = os.environ.get("PATH")
    return agent_choice.available(
        world.policy, lambda program: programs.find(program, path, below=world.root) is not None
    )


def doable(world: World, available: Mapping[str, AgentSpec], paused: set[str]) -> list[str]:
    """The task types for which some agent can work now."""
    return [name for name in TASK_TYPES if _candidates(world, None, name, available, paused)]


def paused_agents(world: World) -> set[str]:
    scopes = {str(one["scope"]) for one in world.client.pauses()}
    return {scope.removeprefix("agent:") for scope in scopes if scope.startswith("agent:")}


def again_at(world: World, waiting: Waiting) -> float:
    """When the task is worth another look: as soon as one of its agents is back, or after a while."""
    now = clock.now()
    ends: dict[str, float] = {}
    for one in world.client.pauses():
        scope, until = str(one["scope"]), one["until"]
        ends[scope] = max(ends.get(scope, now), now + RECHECK_S if until is None else float(until))
    back = [ends.get(f"agent:{name}", now) for name in waiting.paused]
    return min([now + RECHECK_S, *back])


def choose(world: World, task: Task, available: Mapping[str, AgentSpec], paused: set[str]) -> AgentSpec | Waiting:
    """The agent for the task; Waiting with the reason when none here can do it."""
    names = agent_choice.candidates(task.wants_agent, world.policy.task_types[task.task_type].agents, tuple(available))
    kinds = {name: one.kind for name, one in available.items()}
    found = agent_choice.choose(task.direction, names, paused, kinds=kinds)
    return found if isinstance(found, Waiting) else available[found]


def _candidates(
    world: World, wanted: str | None, task_type: str, available: Mapping[str, AgentSpec], paused: set[str]
) -> list[str]:
    names = agent_choice.candidates(wanted, world.policy.task_types[task_type].agents, tuple(available))
    return [name for name in names if name not in paused]
