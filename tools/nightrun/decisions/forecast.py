"""When so many more items will be done, from how many were done on each day, and between which days that lies.

The rate of a day has Jeffreys' prior Gamma(1/2) for a Poisson count, so the time to the next `left` items is a beta
prime distribution (Johnson, Kotz, Balakrishnan: Continuous Univariate Distributions 2, chapter 27). Days that differ
more than those of a Poisson process (nights at work, weekends without) count for less by their dispersion, the sum of
squares over the mean (McCullagh, Nelder: Generalized Linear Models, section 6.2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ENOUGH_DAYS = 3  # with fewer the spread of the days is not known
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9  # an 80 % interval
STEPS = 60  # of a bisection: more precise than a float of this size
MOST_TERMS = 500
TINY = 1e-300
EXACT = 1e-12


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """In days from now; all None when it is unknown, and then `why` says why."""

    days: float | None = None  # as likely sooner as later
    low: float | None = None
    high: float | None = None
    why: str | None = None


def until_done(left: int, per_day: Sequence[int]) -> Forecast:
    """`per_day` has one number for each whole day that is known, in any order."""
    if left <= 0:
        return Forecast(days=0.0, low=0.0, high=0.0)
    if len(per_day) < ENOUGH_DAYS:
        return Forecast(why=f"too few days: {len(per_day)} of {ENOUGH_DAYS} whole ones are known")
    if not sum(per_day):
        return Forecast(why=f"no item was done in {len(per_day)} days")
    spread = dispersion(per_day)
    shape, more = (sum(per_day) + 0.5) / spread, left / spread
    low, middle, high = (_days(share, more, shape, len(per_day)) for share in (LOW, MIDDLE, HIGH))
    return Forecast(days=middle, low=low, high=high)


def dispersion(per_day: Sequence[int]) -> float:
    """How much more the days differ than those of a Poisson process; never below 1."""
    mean = sum(per_day) / len(per_day)
    squares = sum((one - mean) ** 2 for one in per_day)
    return max(1.0, squares / (mean * (len(per_day) - 1)))


def _days(share: float, more: float, shape: float, known: int) -> float:
    quantile = beta_quantile(share, more, shape)
    return known * quantile / (1 - quantile)


def beta_quantile(share: float, a: float, b: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):  # there the fraction of the other side converges faster
        return 1 - beta_share(1 - x, b, a)
    front = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(front) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + ...)), from its beginning by the modified method of Lentz (DLMF 3.10(iii))."""
    value = upper = 1.0
    lower = 0.0
    for number in range(1, MOST_TERMS):
        half = number // 2
        if number % 2:
            term = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        else:
            term = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        lower = 1 / (1 + term * lower or TINY)
        upper = 1 + term / upper or TINY
        value *= upper * lower
        if abs(upper * lower - 1) < EXACT:
            break
    return value
