"""Keeps the sandbox's caches below `workspace.cache`: what is above it is emptied, and made again when needed."""

from __future__ import annotations

import logging

from nightrun.flows.runner_world import World
from nightrun.hands import files, lock, sandbox_cache

LOOK_S = 600.0  # between two looks, of all runners together: a large folder takes seconds to be counted
LOCK = "cache"

log = logging.getLogger("nightrun.runner")


def bound(world: World) -> None:
    """Now and then. A folder of caches that is too large is emptied as a whole: half a cache may be a broken one."""
    if not sandbox_cache.is_due(world.state, LOOK_S):
        return
    _each(world, world.policy.workspace.cache)


def give_back(world: World) -> None:
    """The disk is short: caches are the first to go."""
    _each(world, 0)


def _each(world: World, largest: int) -> None:
    held = lock.hold(world.state.lock(LOCK))
    if held is None:
        return  # another runner is at it
    try:
        sandbox_cache.clear_aside(world.state)
        for path in sandbox_cache.folders(world.state):
            size = files.size(path)
            if size > largest:
                log.warning("%s holds %d MiB: it is emptied", path, size >> 20)
                sandbox_cache.empty(world.state, path)
    finally:
        held.release()
