"""When the backlog will be done: the numbers are those of the distribution, and the interval holds what it says."""

from __future__ import annotations

import random
from itertools import count

import pytest

from nightrun.decisions import forecast


@pytest.mark.parametrize(
    ("x", "a", "b", "share"),
    [
        (0.3, 1.0, 4.0, 1 - 0.7**4),
        (0.3, 4.0, 1.0, 0.3**4),
        (0.5, 7.3, 7.3, 0.5),
        (0.25, 2.0, 3.0, 0.26171875),  # the chance of two or more of four at 1/4
        (0.0, 2.0, 3.0, 0.0),
        (1.0, 2.0, 3.0, 1.0),
    ],
)
def test_the_share_of_a_beta_distribution(x: float, a: float, b: float, share: float) -> None:
    assert forecast.beta_share(x, a, b) == pytest.approx(share, abs=1e-10)
    if 0 < share < 1:
        assert forecast.beta_quantile(share, a, b) == pytest.approx(x, abs=1e-9)


def test_large_numbers_are_no_trouble() -> None:
    found = forecast.until_done(5_000, [300] * 14)
    assert found.low is not None and found.days is not None and found.high is not None
    assert 15.5 < found.low < found.days < found.high < 18


def test_with_nothing_left_it_is_done_now() -> None:
    assert forecast.until_done(0, []) == forecast.Forecast(days=0.0, low=0.0, high=0.0)


@pytest.mark.parametrize(
    ("per_day", "why"),
    [
        ([], "too few days: 0 of 3 whole ones are known"),
        ([4, 5], "too few days: 2 of 3 whole ones are known"),
        ([0, 0, 0, 0], "no item was done in 4 days"),
    ],
)
def test_what_is_not_known_is_said_and_is_no_number(per_day: list[int], why: str) -> None:
    assert forecast.until_done(9, per_day) == forecast.Forecast(why=why)


def test_uneven_days_make_it_less_sure() -> None:
    even, uneven = (forecast.until_done(18, one) for one in ([2, 1, 1, 2, 1, 1, 1], [9, 0, 0, 0, 0, 0, 0]))
    assert even.high is not None and uneven.high is not None and uneven.low is not None and even.low is not None
    assert uneven.high > 2 * even.high and uneven.low < even.low
    assert forecast.dispersion([1, 1, 1]) == 1.0


@pytest.mark.parametrize(("rate", "at_once"), [(3.0, 1), (3.0, 3)])
def test_eight_of_ten_intervals_hold_the_day_it_was_done(rate: float, at_once: int) -> None:
    """Also when items are done `at_once` together, which a Poisson process does not do."""
    chance = random.Random(1)

    def day() -> int:
        arrivals, at = 0, chance.expovariate(rate / at_once)
        while at < 1:
            arrivals, at = arrivals + 1, at + chance.expovariate(rate / at_once)
        return arrivals * at_once

    held = 0
    for _ in range(150):
        found, left = forecast.until_done(30, [day() for _ in range(14)]), 30
        assert found.low is not None and found.high is not None
        for days in count():
            done = day()
            if done >= left:
                held += found.low <= days + left / done <= found.high
                break
            left -= done
    assert 0.70 < held / 150 < 0.90
