"""How far the backlog is and how fast it goes, what that costs, and when it will be done; unknown is never zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from nightrun.decisions import chain, forecast, lines, statistics
from nightrun.decisions.lines import PLAIN, Line
from nightrun.words import usage
from nightrun.words.task import COMMIT_LANDED, COMMIT_NONE, COMPLETED, Task

Facts = Mapping[str, Any]

DAY = 86_400.0
SPANS = (7, 14)  # days
USAGE = (usage.MONEY, usage.INPUT, usage.OUTPUT)


@dataclass(frozen=True, slots=True)
class Ended:
    """What one task that ended adds to the progress."""

    finished_at: float
    is_done: bool  # it was the end of an item
    is_landed: bool


def of_task(one: Facts) -> Ended:
    return Ended(
        finished_at=float(one["finished_at"]),
        is_done=is_done(one),
        is_landed=one["commit_state"] == COMMIT_LANDED,
    )


def make(
    ended: Sequence[Ended],
    *,
    plan: Facts | None,
    rate: Facts,
    used: Facts,
    known_since: float | None,
    now: float,
    as_of: float | None = None,
) -> dict[str, Any]:
    """`ended` are the tasks that ended since `known_since` (None: nothing is known), at most the longest span.

    `plan` is what a runner said about the backlog at `as_of`, `rate` the success of seven days, `used` what all
    attempts of seven days used.
    """
    done, total = _backlog(plan)
    ends = [one.finished_at for one in ended if one.is_done]
    landed = [one.finished_at for one in ended if one.is_landed]
    days = by_day(ends, known_since, now)
    left = None if done is None or total is None else total - done
    return {
        "backlog": {"done": done, "total": total, "left": left, "as_of": as_of},
        **{f"last_{span}_days": _span(ends, landed, span, known_since, now) for span in SPANS},
        "items_by_day": days,
        "forecast": _forecast(left, days),
        "success_rate": {"rate": rate["rate"] if rate["total"] else None, **_judged(rate)},
        "usage_7d": {name: used[name] for name in USAGE},
    }


def is_done(one: Facts) -> bool:
    """Whether this task was the end of an item, and nothing of it is left to land."""
    if one["status"] != COMPLETED or one["commit_state"] not in (COMMIT_LANDED, COMMIT_NONE):
        return False
    task = Task(id=one["id"], direction="", task_type=one["task_type"], status=one["status"], context=one["context"])
    return isinstance(task.context.get("item"), Mapping) and chain.is_over(task)


def by_day(ends: Iterable[float], known_since: float | None, now: float) -> list[int]:
    """How many on each whole day that is known, counted back from now: the last 24 hours come first."""
    whole = 0 if known_since is None else int(min(float(SPANS[-1]), max(0.0, now - known_since) / DAY))
    counts = [0] * whole
    for end in ends:
        day = int((now - end) // DAY)
        if 0 <= day < whole:
            counts[day] += 1
    return counts


def _backlog(plan: Facts | None) -> tuple[int | None, int | None]:
    done, total = (plan.get("index"), plan.get("total")) if plan else (None, None)
    if type(done) is int and type(total) is int and 0 <= done <= total < 1_000_000_000:
        return done, total
    return None, None


def _per_day(number: int, days: float) -> float | None:
    """Of less than a day it is not known: what was done in the first hour would be much a day."""
    return round(number / days, 2) if days >= 1 else None


def _span(
    ends: Iterable[float], landed: Iterable[float], span: int, known_since: float | None, now: float
) -> dict[str, Any]:
    days = 0.0 if known_since is None else min(float(span), max(0.0, now - known_since) / DAY)
    items, commits = (sum(now - end <= span * DAY for end in found) for found in (ends, landed))
    return {
        "days": round(days, 2),
        "items": items,
        "items_per_day": _per_day(items, days),
        "commits": commits,
        "commits_per_day": _per_day(commits, days),
    }


def _forecast(left: int | None, days: Sequence[int]) -> dict[str, Any]:
    """Of what is in the backlog now: items that are added later come on top."""
    if left is None:
        found = forecast.Forecast(why="no runner has told yet what is in the backlog")
    else:
        found = forecast.until_done(left, days)
    said = {key: round(one, 1) if isinstance(one, float) else one for key, one in asdict(found).items()}
    return {"left": left, **said, "interval": 0.8, "of_days": len(days)}


def _judged(rate: Facts) -> dict[str, Any]:
    return statistics.judged(statistics.Count(rate["completed"], rate["total"]))


# -- as lines


def said(progress: Facts | None) -> list[Line]:
    """Nothing in the first minutes: there is no progress to tell of yet."""
    if not progress or not progress["last_14_days"]["days"]:
        return []
    return [
        Line(_items(progress), "make backlog", PLAIN),
        Line(_when(progress["forecast"]), "", PLAIN),
        Line(_success(progress["success_rate"]), "", PLAIN),
        Line(_commits(progress), "", PLAIN),
        Line(_cost(progress["usage_7d"]), "", PLAIN),
    ]


def _items(progress: Facts) -> str:
    done, total = progress["backlog"]["done"], progress["backlog"]["total"]
    where = "backlog: unknown, no runner has told of it" if done is None else f"backlog: {done} of {total} items done"
    return f"{where}; {_pace(progress, 'items')}"


def _commits(progress: Facts) -> str:
    return f"commits: {_pace(progress, 'commits')}"


def _pace(progress: Facts, what: str) -> str:
    week, both = (progress[f"last_{span}_days"] for span in SPANS)
    if week[f"{what}_per_day"] is None:
        return f"{week[what]} done so far, a day of it is not over"
    said = f"{week[f'{what}_per_day']:.1f} a day over {week['days']:.0f} days"
    return said if both["days"] == week["days"] else f"{said}, {both[f'{what}_per_day']:.1f} over {both['days']:.0f}"


def _when(found: Facts) -> str:
    if found["days"] is None:
        return f"forecast: unknown, {found['why']}"
    if not found["left"]:
        return "forecast: nothing is left of the backlog"
    between = f"80 %: {_days(found['low'])} to {_days(found['high'])}"
    many = lines.count(found["left"], "item is", "items are")
    return f"forecast: {many} left, {_days(found['days'])} days ({between}) if none is added"


def _days(days: float) -> str:
    return f"{days:.0f}" if days >= 10 else f"{days:.1f}"


def _success(rate: Facts) -> str:
    if rate["rate"] is None:
        return "success rate: unknown, no task ended in 7 days"
    low, high = (statistics.percent(one) for one in rate["interval_90"])
    count = f"{rate['completed']} of {rate['total']}"
    return f"success rate: {statistics.percent(rate['rate'])} ({count}; 90 % interval: {low} to {high})"


def _cost(used: Facts) -> str:
    attempts = used["cost_usd"]["attempts"]
    parts = [
        _part(used["cost_usd"], lambda one: f"{one:.2f} USD", "cost"),
        _part(used["input_tokens"], lambda one: f"{one:,.0f} tokens read", "tokens read"),
        _part(used["output_tokens"], lambda one: f"{one:,.0f} written", "tokens written"),
    ]
    if not any(one["told"] for one in used.values()):
        return f"cost of 7 days: unknown, none of {lines.count(attempts, 'attempt')} told it"
    return f"cost of 7 days: {', '.join(parts)}"


def _part(used: Facts, shown: Callable[[float], str], name: str) -> str:
    if used["sum"] is None:
        return f"{name} unknown"
    known = "" if used["told"] == used["attempts"] else f" (told by {used['told']} of {used['attempts']} attempts)"
    return shown(used["sum"]) + known
