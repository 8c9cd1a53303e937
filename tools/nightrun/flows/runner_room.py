"""Whether there is room for another attempt; what nobody needs is cleared up before it is said that not."""

from __future__ import annotations

from nightrun.decisions import room
from nightrun.flows import runner_cache, runner_recover
from nightrun.flows.runner_world import World
from nightrun.hands import clock


def lacking(world: World) -> str:
    """What there is too little of, in words; empty when there is enough."""
    limits = world.policy.limits
    runner_cache.bound(world)
    if room.lacking(clock.disk(world.state.path), limits):
        runner_cache.give_back(world)
    if short := room.lacking(clock.disk(world.state.path), limits):
        return short
    if world.in_root or not room.crowded(_worktrees(world), limits):
        return ""
    runner_recover.at_start(world)
    return room.crowded(_worktrees(world), limits)


def _worktrees(world: World) -> int:
    return sum(1 for one in world.state.worktrees.iterdir() if one.is_dir())
