"""An attempt that was interrupted left work on its branch: the next one begins with it where it fits the target."""

from __future__ import annotations

import logging
from dataclasses import replace

from nightrun.agents import script
from nightrun.decisions import resuming
from nightrun.flows.runner_workspace import BRANCHES, Place
from nightrun.flows.runner_world import World
from nightrun.hands import git, git_change, git_land
from nightrun.words.agent import AgentSpec
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

log = logging.getLogger("nightrun.runner")


def begin(world: World, task: Task, place: Place, agent: AgentSpec) -> Place:
    """The place, with the unfinished work in it or with the name of the branch that holds it.

    A script of the direction is not written to go on in the middle: it begins anew.
    """
    number = resuming.attempt(task)
    if number is None or agent.kind == script.NAME:
        return place
    branch = f"{BRANCHES}{task.id}.{number}"
    tip = git.tip(world.root, f"refs/heads/{branch}")
    if tip is None or git.is_ancestor(world.root, tip, place.base):
        return place
    if place.is_root or place.shared:
        return replace(place, left_on=branch)
    try:
        merged = git_land.merge(world.root, place.base, tip)
    except NightrunError as error:
        log.warning("the work of %s is not gone on with: %s", branch, error.message)
        return replace(place, left_on=branch)
    if merged.conflicts:
        return replace(place, left_on=branch)
    git_change.put_back(place.path, merged.tree, leave_out=place.links)
    log.info("%s goes on with what attempt %d left", task.id, number)
    return replace(place, resumed=branch)
