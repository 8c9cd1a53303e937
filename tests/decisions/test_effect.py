from __future__ import annotations

import random
from typing import Any

import pytest

from nightrun.decisions import effect, fingerprint, statistics
from nightrun.decisions.effect import Before, judge
from nightrun.decisions.statistics import Count
from tests.conditions import facts
from tests.conditions.facts import DAY, HOUR, T0

RATE = ("low_success_rate", "")


def ended(letters: str, every: float = HOUR, **more: Any) -> list[dict[str, Any]]:
    """Tasks that ended after T0, oldest first."""
    kinds = {"F": "failed", "C": "completed"}
    return [facts.task(n, kinds[one], finished_at=T0 + n * every, **more) for n, one in enumerate(letters, 1)]


def verdict(before: tuple[int, int], after: str, key: tuple[str, str] = RATE, **more: Any) -> str:
    gap = more.pop("gap", None)
    known = Before(completed=before[0], total=before[1], mean_gap=gap)
    given = {"since": T0, "now": T0 + 25 * HOUR, **more}
    return judge(*key, known, ended(after), **given).verdict


@pytest.mark.parametrize(
    ("before", "after", "chance"),
    [((0, 1), (1, 1), 1 / 2), ((3, 4), (1, 4), 1 - 1 / 70), ((1, 4), (3, 4), 17 / 70), ((9, 20), (17, 20), 0.00926)],
)
def test_fishers_test_is_the_one_of_the_books(before: tuple[int, int], after: tuple[int, int], chance: float) -> None:
    """The tea of Fisher's lady: 3 of 4 by chance in 17 of 70 cases."""
    assert statistics.fisher(Count(*before), Count(*after)) == pytest.approx(chance, abs=1e-4)


def test_a_clear_rise_above_the_threshold_is_a_recovery() -> None:
    assert verdict((9, 20), "C" * 17 + "FFF") == "recovered"


def test_a_rise_that_may_be_chance_is_unknown() -> None:
    assert verdict((13, 20), "C" * 15 + "F" * 5) == "unknown"


def test_a_clear_rise_that_stays_below_the_threshold_is_none() -> None:
    assert verdict((0, 20), "C" * 12 + "F" * 8) == "unknown"


def test_surely_below_the_threshold_is_not_recovered() -> None:
    assert verdict((9, 20), "CF" * 5 + "F" * 10) == "not recovered"


def test_it_is_too_early_below_fifteen_tasks_but_not_after_a_week() -> None:
    few = "C" * 14
    assert verdict((0, 20), few) == "unknown"
    assert verdict((0, 20), few + "C") == "recovered"
    assert verdict((0, 20), few, now=T0 + 7 * DAY) == "recovered"
    assert verdict((0, 20), "", now=T0 + 7 * DAY) == "unknown"


def test_without_a_change_few_are_called_recovered() -> None:
    """Six of a hundred (reliability.md 2.2); and a recovery from 45 to 85 % is seen in most."""
    chosen = random.Random(4)

    def draw(rate: float) -> str:
        return "".join("C" if chosen.random() < rate else "F" for _ in range(20))

    def recoveries(after: float) -> float:
        return sum(verdict((draw(0.45).count("C"), 20), draw(after)) == "recovered" for _ in range(300)) / 300

    assert recoveries(0.45) <= 0.06
    assert recoveries(0.85) >= 0.8


KIND = fingerprint.of_task(facts.task(1, "failed"))
SAME = ("repeated_failures", KIND)


def test_a_kind_of_failure_that_stays_away_for_three_gaps_is_over() -> None:
    assert verdict((9, 20), "C" * 15, SAME, gap=5 * HOUR, now=T0 + 15 * HOUR) == "recovered"
    assert verdict((9, 20), "C" * 15, SAME, gap=6 * HOUR, now=T0 + 15 * HOUR) == "unknown"
    assert verdict((9, 20), "C" * 14, SAME, gap=HOUR, now=T0 + 15 * HOUR) == "unknown"


def test_one_that_is_seen_again_within_them_is_not() -> None:
    assert verdict((9, 20), "CCF", SAME, gap=2 * HOUR) == "not recovered"
    assert verdict((9, 20), "C" * 14 + "F", SAME, gap=2 * HOUR) == "unknown"
    assert verdict((9, 20), "C" * 15 + "F", SAME, gap=2 * HOUR) == "recovered"
    assert verdict((9, 20), "CCF", SAME) == "not recovered"


def test_another_kind_of_failure_says_nothing_about_it() -> None:
    other = ended("F" * 20, error_class="agent")
    known = Before(completed=9, total=20, mean_gap=HOUR)
    assert judge(*SAME, known, other, since=T0, now=T0 + DAY).verdict == "recovered"


def test_failures_in_a_row_are_judged_by_the_rate() -> None:
    assert verdict((9, 20), "C" * 20, ("repeated_failures", "in-a-row")) == "recovered"


def test_others_are_judged_by_their_issue() -> None:
    key = ("gate_red", "")
    assert verdict((9, 20), "", key, is_open=False) == "recovered"
    assert verdict((9, 20), "", key, is_open=True) == "unknown"
    assert verdict((9, 20), "C" * 15, key, is_open=True) == "not recovered"
    assert verdict((9, 20), "C" * 15, key, is_open=None) == "unknown"


def test_heals_and_faults_of_the_environment_count_neither_before_nor_after() -> None:
    noise = ended("F" * 20, task_type="heal") + ended("F" * 20, error_class="limit")
    known = Before(completed=9, total=20)
    assert judge(*RATE, known, noise + ended("C" * 20), since=T0, now=T0 + DAY).verdict == "recovered"
    assert effect.before([*noise, *facts.tasks("CCF")], "", 0.7) == Before(completed=2, total=3)


def test_before_knows_the_gap_between_failures_of_its_kind() -> None:
    tasks = [facts.task(n, "failed", finished_at=T0 - n * HOUR) for n in (1, 2, 5)]
    assert effect.before(tasks, KIND, 0.7).mean_gap == 2 * HOUR
    assert effect.before(tasks[:1], KIND, 0.7).mean_gap is None


@pytest.mark.parametrize(
    "value", [None, [], {}, {"completed": 3, "total": 2, "threshold": 0.7}, {"completed": "3", "total": 4}]
)
def test_what_is_no_count_is_not_read(value: Any) -> None:
    assert effect.read(value) is None


def test_what_was_written_is_read_back() -> None:
    known = Before(completed=3, total=20, threshold=0.8, mean_gap=12.5)
    assert effect.read(known.to_json()) == known
