from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import progress
from tests.decisions import seen
from tests.decisions.seen import NOW

DAY = 86_400.0
RATE = {"completed": 9, "failed": 1, "total": 10, "rate": 0.9}


def step(days_ago: float, task_type: str = "review", **fields: Any) -> dict[str, Any]:
    """The end of an item, unless it is said otherwise."""
    item = {"key": "k", "file": "b.md", "text": "Add it", "chain": ["impl", "review"], "round": 1}
    more = {"verdict": "PASS", **fields.pop("context", {})}
    usual = {"id": "t1", "status": "completed", "attempt": 1, "commit_state": "landed", "task_type": task_type}
    return {**usual, "finished_at": NOW - days_ago * DAY, "context": {"item": item, **more}, **fields}


def made(ended: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    given = {
        "plan": {"index": 12, "total": 40},
        "rate": RATE,
        "used": seen.used(),
        "known_since": NOW - 10 * DAY,
        "now": NOW,
        **more,
    }
    return progress.make([progress.of_task(one) for one in ended], **given)


def texts(found: dict[str, Any]) -> list[str]:
    return [one.text for one in progress.said(found)]


@pytest.mark.parametrize(
    ("fields", "done"),
    [
        ({}, True),
        ({"commit_state": "none"}, True),
        ({"commit_state": "held"}, False),
        ({"task_type": "impl"}, False),
        ({"status": "failed"}, False),
        ({"context": {"verdict": "FAIL"}}, False),
        ({"context": {"item": "not an item"}}, False),
    ],
)
def test_an_item_is_done_with_the_last_task_of_its_chain(fields: dict[str, Any], done: bool) -> None:
    assert progress.is_done(step(1, **fields)) is done


def test_days_are_counted_back_from_now_and_only_whole_ones() -> None:
    ends = [NOW - days * DAY for days in (0.1, 0.9, 1.5, 2.9, 3.1)]
    assert progress.by_day(ends, NOW - 3.5 * DAY, NOW) == [2, 1, 1]
    assert len(progress.by_day(ends, NOW - 90 * DAY, NOW)) == 14
    assert progress.by_day(ends, None, NOW) == []


def test_items_and_commits_a_day_over_a_week_and_two() -> None:
    found = made([step(1), step(2), step(3, "impl"), step(8)])
    assert found["last_7_days"] == {
        **{"days": 7.0, "items": 2, "items_per_day": 0.29, "commits": 3, "commits_per_day": 0.43}
    }
    assert (found["last_14_days"]["days"], found["last_14_days"]["items"]) == (10.0, 3)
    assert found["backlog"] == {"done": 12, "total": 40, "left": 28, "as_of": None}
    assert found["success_rate"]["rate"] == 0.9 and found["success_rate"]["interval_90"][0] < 0.9


def test_the_forecast_is_in_days_with_its_interval() -> None:
    found = made([step(day + 0.5) for day in range(10)] * 2)["forecast"]
    assert (found["left"], found["of_days"], found["interval"], found["why"]) == (28, 10, 0.8, None)
    assert found["low"] < 14 < found["high"] and found["low"] < found["days"] < found["high"]


@pytest.mark.parametrize("plan", [None, {}, {"index": "x", "total": 3}, {"index": 4, "total": 3}, {"index": True}])
def test_a_backlog_that_nobody_told_of_is_unknown(plan: Any) -> None:
    found = made([step(1)], plan=plan)
    assert found["backlog"]["done"] is None and found["backlog"]["left"] is None
    assert found["forecast"]["days"] is None
    assert texts(found)[:2] == [
        "backlog: unknown, no runner has told of it; 0.1 a day over 7 days, 0.1 over 10",
        "forecast: unknown, no runner has told yet what is in the backlog",
    ]


def test_less_than_a_day_has_no_rate() -> None:
    found = made([step(0.1)], known_since=NOW - DAY / 2)
    assert found["last_7_days"]["items_per_day"] is None
    assert texts(found)[0] == "backlog: 12 of 40 items done; 1 done so far, a day of it is not over"
    assert texts(made([], known_since=None)) == []


def test_what_no_agent_told_is_unknown_and_not_zero() -> None:
    assert texts(made([step(1)], used=seen.used(3)))[-1] == "cost of 7 days: unknown, none of 3 attempts told it"


def test_what_was_told_says_of_how_many_attempts() -> None:
    all_told = seen.used(2, cost_usd=(1.25, 2), input_tokens=(1200, 2))
    assert texts(made([step(1)], used=all_told))[-1] == (
        "cost of 7 days: 1.25 USD, 1,200 tokens read, tokens written unknown"
    )
    some = seen.used(3, cost_usd=(1.25, 1))
    assert "1.25 USD (told by 1 of 3 attempts)" in texts(made([step(1)], used=some))[-1]


def test_each_is_a_line() -> None:
    ended = [step(day + 0.5) for day in range(10)] * 2
    items, when, rate, commits, _ = texts(made(ended))
    assert items == "backlog: 12 of 40 items done; 2.0 a day over 7 days, 2.0 over 10"
    assert when.startswith("forecast: 28 items are left, 14 days (80 %: ") and when.endswith(" if none is added")
    assert rate == "success rate: 90 % (9 of 10; 90 % interval: 65 % to 98 %)"
    assert commits == "commits: 2.0 a day over 7 days, 2.0 over 10"
    assert texts(made(ended, plan={"index": 40, "total": 40}))[1] == "forecast: nothing is left of the backlog"
    nothing = {"completed": 0, "failed": 0, "total": 0, "rate": 0.0}
    found = made(ended, rate=nothing)
    assert found["success_rate"]["rate"] is None
    assert texts(found)[2] == "success rate: unknown, no task ended in 7 days"
