"""Counts of what tasks came to, and how sure a success rate is: Wilson score interval (E. B. Wilson, 1927)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nightrun.words.outcome import ENVIRONMENT_FAULTS
from nightrun.words.task import COMPLETED, FAILED

Z_90 = 1.6448536269514722  # standard normal quantile of a two-sided 90 % interval
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Count:
    """How many of some finished tasks were completed."""

    completed: int
    total: int

    @property
    def failed(self) -> int:
        return self.total - self.completed

    @property
    def rate(self) -> float:
        return self.completed / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f"{self.completed} of {self.total}"


def wilson(count: Count, z: float = Z_90) -> tuple[float, float]:
    """The lowest and the highest true rate that go with this count; (0, 1) when nothing was counted."""
    n = count.total
    if n == 0:
        return 0.0, 1.0
    middle = (count.rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(count.rate * (1 - count.rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def fisher(before: Count, after: Count) -> float:
    """How likely so many or more of `after` are completed by chance, if nothing changed: Fisher's exact test."""
    completed, total = before.completed + after.completed, before.total + after.total
    most = min(completed, after.total)
    ways = sum(
        math.comb(completed, k) * math.comb(total - completed, after.total - k)
        for k in range(after.completed, most + 1)
    )
    return ways / math.comb(total, after.total)


def percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def interval(count: Count, z: float = Z_90) -> str:
    low, high = wilson(count, z)
    return f"{low * 100:.0f}-{high * 100:.0f} %"


TOO_FEW = 20  # below it the interval says more than the rate (reliability.md A3)


def judged(count: Count) -> dict[str, Any]:
    """How much a rate is worth: the numbers behind it, the interval, and in words when they are too few."""
    low, high = wilson(count)
    few = f"too few to judge ({count}, 90 % interval {interval(count)})" if count.total < TOO_FEW else None
    return {
        "completed": count.completed,
        "total": count.total,
        "interval_90": [round(low, 4), round(high, 4)],
        "too_few": few,
    }


def counted(tasks: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that say something about the work: terminal, no heal or other remedy, no fault of the environment."""
    return [
        one
        for one in tasks
        if (
            one["status"] == COMPLETED or (one["status"] == FAILED and one.get("error_class") not in ENVIRONMENT_FAULTS)
        )
        and not is_remedy(one)
    ]


def is_remedy(task: Mapping[str, Any]) -> bool:
    """Whether an issue asked for this task, whatever its type."""
    context = task.get("context")
    return task.get("task_type") == "heal" or bool(context and context.get("condition"))


def count(tasks: Iterable[Mapping[str, Any]]) -> Count:
    kept = list(tasks)
    return Count(sum(one["status"] == COMPLETED for one in kept), len(kept))


def failures_in_a_row(newest_first: Iterable[Mapping[str, Any]]) -> int:
    """How many failed since the last one that was completed."""
    length = 0
    for one in newest_first:
        if one["status"] == COMPLETED:
            break
        length += 1
    return length
