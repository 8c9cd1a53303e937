"""Whether something got better after a moment, such as the end of a heal: recovered, not recovered or unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from nightrun.conditions import low_success_rate, repeated_failures
from nightrun.decisions import fingerprint, statistics
from nightrun.decisions.statistics import Count
from nightrun.words.issue import NOT_RECOVERED, RECOVERED, UNKNOWN
from nightrun.words.task import FAILED

VERDICTS = (RECOVERED, NOT_RECOVERED, UNKNOWN)

COUNTED = 20  # tasks before and after (reliability.md A11)
ENOUGH = 15
THRESHOLD = 0.7  # when none was written down
LATEST_S = 7 * 86_400.0  # then it is judged with what there is
SURE = 0.10  # of Fisher's exact test, one-sided
SILENT_GAPS = 3.0  # a kind of failure is over when it stayed away for so many of its former mean gaps

Task = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Before:
    """What it was like at the moment from which on it is judged; kept in the context of a heal."""

    completed: int
    total: int
    threshold: float = THRESHOLD
    mean_gap: float | None = None  # seconds between two failures of this kind; None with fewer than two

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, kw_only=True)
class Effect:
    verdict: str
    why: str
    early: bool = False  # it may still be judged


def before(tasks: Iterable[Task], fingerprint_of_issue: str, threshold: float) -> Before:
    """From the tasks that ended last, newest first."""
    counted = statistics.counted(tasks)
    last = statistics.count(counted[:COUNTED])
    same = [float(one["finished_at"]) for one in _same(counted, fingerprint_of_issue)]
    gaps = [later - earlier for later, earlier in pairwise(same)]
    gap = sum(gaps) / len(gaps) if gaps else None
    return Before(completed=last.completed, total=last.total, threshold=threshold, mean_gap=gap)


def read(value: Any) -> Before | None:
    """From a context that anybody may have written."""
    if not isinstance(value, Mapping):
        return None
    completed, total, threshold = (value.get(name) for name in ("completed", "total", "threshold"))
    if not (isinstance(completed, int) and isinstance(total, int) and isinstance(threshold, (int, float))):
        return None
    gap = value.get("mean_gap")
    mean_gap = float(gap) if isinstance(gap, (int, float)) else None
    known = Before(completed=completed, total=total, threshold=float(threshold), mean_gap=mean_gap)
    return known if 0 <= completed <= total else None


def judge(
    condition: str,
    kind: str,
    known: Before,
    after: Sequence[Task],
    *,
    since: float,
    now: float,
    is_open: bool | None = None,
) -> Effect:
    """`kind` is the fingerprint of the issue, `after` the tasks that ended since then, oldest first.

    `is_open`: whether the issue is open, None when that is not known.
    """
    counted = statistics.counted(after)[:COUNTED]
    early = len(counted) < ENOUGH and now - since < LATEST_S
    if condition == repeated_failures.NAME and kind != repeated_failures.IN_A_ROW:
        return _by_silence(kind, known, counted, since=since, now=now, early=early)
    if condition in (low_success_rate.NAME, repeated_failures.NAME):
        return _too_early(counted) if early else _by_rate(known, statistics.count(counted))
    return _by_issue(is_open, counted, early=early)


def _by_rate(known: Before, after: Count) -> Effect:
    earlier = Count(known.completed, known.total)
    said = f"{earlier} completed before, {after} after"
    chance = statistics.fisher(earlier, after)
    if after.total and chance < SURE and after.rate >= known.threshold:
        return Effect(verdict=RECOVERED, why=f"{said} (by chance: {chance:.2f})")
    if after.total and statistics.wilson(after)[1] < known.threshold:
        return Effect(verdict=NOT_RECOVERED, why=f"{said}, surely below {statistics.percent(known.threshold)}")
    return Effect(verdict=UNKNOWN, why=f"{said}: that may be chance")


def _by_silence(kind: str, known: Before, counted: Sequence[Task], *, since: float, now: float, early: bool) -> Effect:
    """Silent until both have passed: some of its former gaps, and enough tasks."""
    again = min((float(one["finished_at"]) for one in _same(counted, kind)), default=None)
    needed = SILENT_GAPS * known.mean_gap if known.mean_gap is not None else LATEST_S
    if again is not None and again - since < needed:
        return Effect(verdict=NOT_RECOVERED, why=f"seen again after {_hours(again - since)}")
    quiet = [one for one in counted if again is None or float(one["finished_at"]) < again]
    if len(quiet) >= ENOUGH and now - since >= needed:
        return Effect(verdict=RECOVERED, why=f"not seen in {len(quiet)} tasks and {_hours(needed)}")
    if again is not None:
        return Effect(verdict=UNKNOWN, why=f"seen again after {_hours(again - since)}, which may be chance")
    if early:
        return _too_early(counted)
    return Effect(verdict=UNKNOWN, why=f"not seen in {len(quiet)} tasks, too few or too short to be sure")


def _by_issue(is_open: bool | None, counted: Sequence[Task], *, early: bool) -> Effect:
    if is_open is False:
        return Effect(verdict=RECOVERED, why="the issue is resolved")
    if early:
        return _too_early(counted)
    if is_open:
        return Effect(verdict=NOT_RECOVERED, why="the issue is still open")
    return Effect(verdict=UNKNOWN, why="nothing is known of its issue")


def _too_early(counted: Sequence[Task]) -> Effect:
    return Effect(verdict=UNKNOWN, why=f"too early: {len(counted)} of {ENOUGH} tasks ended since", early=True)


def _same(counted: Iterable[Task], kind: str) -> list[Task]:
    return [one for one in counted if one["status"] == FAILED and fingerprint.of_task(one) == kind]


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h"


def tally(effects: Iterable[str]) -> dict[str, int]:
    """How many of each verdict, with the verdicts as keys of JSON."""
    found = list(effects)
    return {one.replace(" ", "_"): found.count(one) for one in VERDICTS}
