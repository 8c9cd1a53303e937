"""Ends what came to this process as its next parent: a subreaper's duty (prctl(2))."""

from __future__ import annotations

import os
from collections.abc import Collection

from nightrun.hands import survivors
from nightrun.hands.survivors import Row


def present() -> frozenset[Row]:
    """The children that this process has already: they were handed to it with its program, and are not its own."""
    return frozenset(row for row in survivors.below(os.getpid()) if row.parent == os.getpid())


def end(children: Collection[int], spared: Collection[Row] = ()) -> list[int]:
    """Kill every process below this one that is neither one of `children` or `spared` nor below one; the pids."""
    return survivors.end(lambda: _adopted(children, spared), grace_s=0.0)


def _adopted(children: Collection[int], spared: Collection[Row]) -> list[Row]:
    rows = survivors.below(os.getpid())
    same = {(row.pid, row.started) for row in spared}
    found = {
        row.pid
        for row in rows
        if row.parent == os.getpid() and row.pid not in children and (row.pid, row.started) not in same
    }
    while more := {row.pid for row in rows if row.parent in found} - found:
        found |= more
    return [row for row in rows if row.pid in found]
