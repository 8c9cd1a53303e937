from __future__ import annotations

import pytest

from nightrun.decisions import statistics
from nightrun.decisions.statistics import Count
from tests.conditions import facts


@pytest.mark.parametrize(
    ("completed", "total", "low", "high"),
    [(0, 3, 0.00, 0.56), (1, 5, 0.04, 0.62), (4, 10, 0.17, 0.69), (10, 20, 0.30, 0.70), (3, 3, 0.44, 1.00)],
)
def test_the_95_percent_interval_is_the_published_one(completed: int, total: int, low: float, high: float) -> None:
    found = statistics.wilson(Count(completed, total), statistics.Z_95)
    assert tuple(round(edge, 2) for edge in found) == (low, high)


@pytest.mark.parametrize(("completed", "high"), [(2, 0.46), (5, 0.73), (8, 0.93), (10, 1.0)])
def test_the_90_percent_upper_bound_of_ten(completed: int, high: float) -> None:
    assert round(statistics.wilson(Count(completed, 10))[1], 2) == high


def test_nothing_counted_says_nothing() -> None:
    assert statistics.wilson(Count(0, 0)) == (0.0, 1.0)
    assert Count(0, 0).rate == 0.0


def test_a_million_of_a_million_stays_within_bounds() -> None:
    low, high = statistics.wilson(Count(10**6, 10**6))
    assert 0.999 < low <= high <= 1.0


def test_words() -> None:
    count = Count(2, 10)
    assert (str(count), statistics.percent(count.rate), statistics.interval(count)) == ("2 of 10", "20 %", "7-46 %")


def test_only_terminal_tasks_that_say_something_about_the_work_count() -> None:
    kept = facts.task(1)
    others = [
        facts.task(2, "running"),
        facts.task(3, task_type="heal"),
        facts.task(4, "failed", error_class="interrupted"),
        facts.task(5, context={"condition": "gate_red"}),
    ]
    assert statistics.counted([kept, *others]) == [kept]


def test_count_and_row() -> None:
    rows = facts.tasks("FFCF")
    assert statistics.count(rows) == Count(1, 4)
    assert statistics.failures_in_a_row(rows) == 2
    assert statistics.failures_in_a_row([]) == 0


def test_a_rate_of_few_says_so_with_its_interval() -> None:
    few = statistics.judged(Count(3, 4))
    assert few["too_few"] == "too few to judge (3 of 4, 90 % interval 36-94 %)"
    assert statistics.judged(Count(15, 20)) == {
        "completed": 15,
        "total": 20,
        "interval_90": [0.5678, 0.8726],
        "too_few": None,
    }
