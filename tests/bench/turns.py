"""Costs of processes and calls, measured in turns: what is compared runs in the same rounds."""

from __future__ import annotations

import os
import random
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

WARM_UP = 2


@dataclass(frozen=True)
class Cost:
    """Of one run, in seconds. `cpu` is user and system time, children that were waited for included."""

    wall: float
    cpu: float


Way = Callable[[], Cost]
Turns = dict[str, list[Cost]]


def of_process(
    argv: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None, stdin: bytes = b"", code: int = 0
) -> Cost:
    """A process from its start to its end; another exit code than `code` ends the bench."""
    source = _in_memory(stdin) if stdin else subprocess.DEVNULL
    begun = time.perf_counter()
    child = subprocess.Popen(argv, cwd=cwd, env=env, stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    if source >= 0:
        os.close(source)
    if child.returncode != code:
        raise SystemExit(f"bench: {' '.join(map(str, argv))}: exit code {child.returncode}")
    return Cost(wall, used.ru_utime + used.ru_stime)


def _in_memory(text: bytes) -> int:
    reading, writing = os.pipe()  # what is sent to a hook fits into the pipe's buffer
    os.write(writing, text)
    os.close(writing)
    return reading


def of_call(call: Callable[[], object]) -> Cost:
    """A call in this process, with the processes that it starts and waits for."""
    used, begun = _used(), time.perf_counter()
    call()
    return Cost(time.perf_counter() - begun, _used() - used)


def _used() -> float:
    each = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in each)


def take(ways: Mapping[str, Way], rounds: int, *, warm_up: int = WARM_UP, seed: int = 1) -> Turns:
    """One run of each way a round, in a new order each round; the first rounds are thrown away."""
    order, dice = list(ways), random.Random(seed)
    costs: Turns = {name: [] for name in ways}
    for number in range(warm_up + rounds):
        dice.shuffle(order)
        for name in order:
            cost = ways[name]()
            if number >= warm_up:
                costs[name].append(cost)
    return costs


# -- arithmetic


def median(turns: Turns, name: str, what: str) -> float:
    return statistics.median(getattr(one, what) for one in turns[name])


def ratio(turns: Turns, name: str, floor: str, what: str) -> float:
    """The median of the rounds' ratios: what slowed a round down slowed both."""
    pairs = zip(turns[name], turns[floor], strict=True)
    return statistics.median(getattr(one, what) / getattr(other, what) for one, other in pairs)


def difference(turns: Turns, name: str, floor: str, what: str) -> float:
    """The median of the rounds' differences."""
    pairs = zip(turns[name], turns[floor], strict=True)
    return statistics.median(getattr(one, what) - getattr(other, what) for one, other in pairs)
