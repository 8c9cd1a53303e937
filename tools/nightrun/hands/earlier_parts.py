"""Parts that outlived their supervisor: they end by themselves, and are made to when they hang (reliability.md S10)."""

from __future__ import annotations

from collections.abc import Collection

from nightrun.hands import clock, survivors
from nightrun.hands.survivors import Row

Identity = tuple[int, float]  # pid and start time, which together name one process


def alive(identities: Collection[Identity]) -> list[Row]:
    return survivors.rows(pid for pid, start_time in identities if clock.is_same_process(pid, start_time))


def end(identities: Collection[Identity], *, grace_s: float) -> list[int]:
    """Ask those that are still the same processes to end, and kill them after `grace_s`; the pids."""
    return survivors.end(lambda: alive(identities), grace_s=grace_s)
