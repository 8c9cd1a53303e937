from __future__ import annotations

import random

import pytest

from nightrun.hands.store import issues, metrics, moves, sums
from nightrun.hands.store.database import Database
from tests.hands.store import ways
from tests.hands.store.ways import T0

WEEK = 7 * metrics.DAY


def test_without_tasks_everything_is_zero_or_empty(db: Database) -> None:
    shown = metrics.window(db, now=T0)
    assert shown["success_rate"] == {"completed": 0, "failed": 0, "total": 0, "rate": 0.0}
    assert shown["execution_time"] == {"p50_seconds": 0, "p95_seconds": 0}
    assert (shown["by_task_type"], shown["by_model"], shown["last_evaluation"]) == ({}, {}, None)


def test_the_shape_and_the_numbers(db: Database) -> None:
    ways.run(db, T0, 10, task_type="spec", model="a")
    ways.run(db, T0 + 1, 20, task_type="impl", model="a")
    ways.run(db, T0 + 2, 31, "failed", task_type="impl", model="b", error_class="gate")
    shown = metrics.window(db, now=T0 + 3)
    assert shown["success_rate"] == {"completed": 2, "failed": 1, "total": 3, "rate": 0.67}
    assert shown["execution_time"] == {"p50_seconds": 20, "p95_seconds": 31}
    assert shown["by_task_type"] == {
        "impl": {"count": 2, "completed": 1, "failed": 1, "success_rate": 0.5},
        "spec": {"count": 1, "completed": 1, "failed": 0, "success_rate": 1.0},
    }
    assert shown["by_model"] == {"a": {"count": 2, "avg_duration": 15.0}, "b": {"count": 1, "avg_duration": 31.0}}


def test_heals_are_reported_but_not_in_the_rate(db: Database) -> None:
    ways.run(db, T0, 5, "failed", task_type="heal", error_class="gate")
    ways.run(db, T0, 9)
    shown = metrics.window(db, now=T0 + 1)
    assert shown["success_rate"] == {"completed": 1, "failed": 0, "total": 1, "rate": 1.0}
    assert shown["by_task_type"]["heal"] == {"count": 1, "completed": 0, "failed": 1, "success_rate": 0.0}
    assert shown["execution_time"]["p50_seconds"] == 9


def test_environment_faults_do_not_count(db: Database) -> None:
    ways.run(db, T0, 5, "failed", error_class="limit")
    shown = metrics.window(db, now=T0 + 1)
    assert shown["success_rate"]["total"] == 0
    assert shown["by_task_type"] == {}
    assert shown["execution_time"] == {"p50_seconds": 0, "p95_seconds": 0}
    assert shown["not_counted"] == {"environment": 1}


def test_time_is_that_of_the_attempt_not_of_the_queue(db: Database) -> None:
    ways.add(db, T0 - 5000)
    ways.finish(db, ways.claim(db, T0 - 8), T0)
    assert metrics.window(db, now=T0)["execution_time"]["p50_seconds"] == 8


@pytest.mark.parametrize(("age", "days", "counted"), [(WEEK - 61, 7, 1), (WEEK + 61, 7, 0), (WEEK + 61, 8, 1)])
def test_the_window_ends_to_the_minute(db: Database, age: float, days: int, counted: int) -> None:
    ways.run(db, T0 - age, 5)
    shown = metrics.window(db, now=T0, days=days)
    assert shown["success_rate"]["total"] == counted
    assert shown["execution_time"]["p50_seconds"] == 5 * counted


def test_a_reopened_task_is_taken_back(db: Database) -> None:
    done = ways.run(db, T0, 5, commit_state="pending")
    moves.reopen(db, done["id"], "conflict", now=T0 + 1)
    shown = metrics.window(db, now=T0 + 2)
    assert shown["success_rate"]["total"] == 0
    assert (shown["by_task_type"], shown["by_model"]) == ({}, {})


def test_the_sums_are_what_counting_all_tasks_gives(db: Database) -> None:
    chance = random.Random(1)
    for _ in range(60):
        status, kind = chance.choice([("completed", None), ("failed", "gate"), ("failed", "network")])
        task_type = chance.choice(["spec", "impl", "heal"])
        when = T0 - chance.random() * 9 * metrics.DAY
        ways.run(db, when, chance.random() * 100, status, error_class=kind, task_type=task_type)
    kept = [db.all(f"SELECT * FROM {table}") for table in ("rollup", "rollup_seconds")]
    shown = metrics.window(db, now=T0)
    sums.rebuild(db)
    rebuilt = [db.all(f"SELECT * FROM {table}") for table in ("rollup", "rollup_seconds")]
    assert kept[1] == rebuilt[1]
    assert [{**one, "seconds": pytest.approx(one["seconds"])} for one in kept[0]] == rebuilt[0]
    assert metrics.window(db, now=T0) == shown


def test_the_histogram_is_within_two_percent(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(2)
    for n in range(80):
        ways.run(db, T0 - n * 7000, chance.lognormvariate(5, 1))
    exact = metrics.window(db, now=T0)["execution_time"]
    monkeypatch.setattr(metrics, "EXACT_UP_TO", 10)
    rough = metrics.window(db, now=T0)["execution_time"]
    for name, seconds in exact.items():
        assert rough[name] == pytest.approx(seconds, rel=0.02, abs=1)


def test_steps_of_the_histogram_hold_their_seconds() -> None:
    for seconds in (0.0, 0.5, 1.0, 1.5, 60.0, 3599.0, 86_400.0):
        assert sums.seconds_of(sums.bucket(seconds)) == pytest.approx(seconds, rel=0.021, abs=1)


def test_old_minutes_and_hours_are_dropped_and_days_stay(db: Database) -> None:
    ways.run(db, T0 - 100 * metrics.DAY, 5)
    ways.run(db, T0, 5)
    sums.forget_old(db, now=T0)
    assert db.all("SELECT span, count(*) AS n FROM rollup GROUP BY span ORDER BY span") == [
        {"span": 60, "n": 1},
        {"span": 3600, "n": 1},
        {"span": 86400, "n": 2},
    ]


def test_the_last_look_of_the_monitor_is_in_it(db: Database) -> None:
    issues.look(db, [], now=T0 + 5)
    assert metrics.window(db, now=T0 + 6)["last_evaluation"] == T0 + 5


def test_what_became_of_the_changes_is_counted(db: Database) -> None:
    ways.run(db, T0, 1, commit_state="landed")
    ways.run(db, T0, 1, commit_state="held")
    assert metrics.window(db, now=T0)["commit_state"] == {
        **{"none": 0, "pending": 0, "committed": 0},
        **{"landed": 1, "held": 1, "failed": 0},
    }


def test_a_repair_of_another_type_is_reported_but_not_in_the_rate(db: Database) -> None:
    ways.run(db, T0, 5)
    ways.run(db, T0, 5, "failed", dedup_key="heal:i1:first", error_class="gate")
    shown = metrics.window(db, now=T0)
    assert shown["success_rate"] == metrics.rate_of_window(db, now=T0)
    assert (shown["success_rate"]["completed"], shown["success_rate"]["failed"]) == (1, 0)
    assert shown["by_task_type"] == {"impl": {"count": 2, "completed": 1, "failed": 1, "success_rate": 0.5}}
    before = metrics.window(db, now=T0)
    sums.rebuild(db)
    assert metrics.window(db, now=T0) == before
