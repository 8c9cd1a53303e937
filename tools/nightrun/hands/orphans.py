"""Ends what came to this process as its next parent: a subreaper's duty (prctl(2))."""

from __future__ import annotations

import os
from collections.abc import Collection

from nightrun.hands import survivors
from nightrun.hands.survivors import Row


def end(children: Collection[int]) -> list[int]:
    """Kill every process below this one that is neither one of `children` nor below one of them; the pids."""
    return survivors.end(lambda: _adopted(children), grace_s=0.0)


def _adopted(children: Collection[int]) -> list[Row]:
    rows = survivors.below(os.getpid())
    found = {row.pid for row in rows if row.parent == os.getpid() and row.pid not in children}
    while more := {row.pid for row in rows if row.parent in found} - found:
        found |= more
    return [row for row in rows if row.pid in found]
