"""Drills: small programs that do what agents must not, and how it is told whether each was caught; pure."""

from __future__ import annotations

from nightrun.drills import (
    breaks,
    commits,
    completes,
    contents,
    fills,
    guards,
    hangs,
    lies,
    output,
    plants,
    processes,
    pushes,
    target,
    tests,
    works,
)
from nightrun.drills.found import Drill

# The slowest first, so that the others are done while it waits.
ALL: tuple[Drill, ...] = tuple(
    one
    for module in (
        works,
        hangs,
        breaks,
        processes,
        lies,
        tests,
        guards,
        commits,
        contents,
        output,
        pushes,
        plants,
        fills,
        completes,
        target,
    )
    for one in module.DRILLS
)
BY_NAME = {one.name: one for one in ALL}
