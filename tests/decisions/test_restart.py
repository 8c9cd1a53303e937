from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import restart
from nightrun.decisions.restart import Beat, Life, Request, Start, Stopped, Wait

T0 = 1_000_000.0


def crash_loop(lived: float, deaths: int, lives: list[Life] | None = None) -> tuple[list[Life], list[float], Any]:
    """Let a part that dies after `lived` seconds be restarted as decided; the lives, the delays, the last decision."""
    history = list(lives or [])
    delays: list[float] = []
    now = T0 if not history else history[-1].ended_at or T0
    said: Any = Start()
    for _ in range(deaths):
        history.append(Life(now, now + lived))
        now += lived
        said = restart.decide(history, now)
        if not isinstance(said, Wait):
            break
        delays.append(said.until - now)
        now = said.until
    return history, delays, said


def test_a_part_that_never_ran_is_started() -> None:
    assert restart.decide([], T0) == Start()


def test_a_part_that_we_ended_is_started_at_once() -> None:
    assert restart.decide([Life(T0, T0 + 1, wanted=True)], T0 + 1) == Start()


@pytest.mark.parametrize("lived", [0.0, 0.2, 1.5, 30.0, 90.0])
def test_a_crash_loop_ends_after_six_deaths_in_ten_minutes(lived: float) -> None:
    history, delays, said = crash_loop(lived, 100)
    assert delays == [1, 2, 4, 8, 16]
    assert len(history) == 6
    assert said == Stopped(until=(history[-1].ended_at or 0) + 1800, deaths=6)


def test_a_slow_crash_loop_is_slowed_down_to_five_minutes() -> None:
    _, delays, said = crash_loop(200.0, 15)
    assert delays[:10] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    assert isinstance(said, Wait)


def test_ten_healthy_minutes_clear_the_record() -> None:
    history, _, _ = crash_loop(1.0, 4)
    end = (history[-1].ended_at or 0) + 8
    history.append(Life(end, end + 600))
    assert restart.decide(history, end + 600) == Wait(end + 601)
    history[-1] = Life(end, end + 599)
    assert restart.decide(history, end + 599) == Wait(end + 599 + 16)


def test_a_part_that_was_given_up_gets_one_trial_every_thirty_minutes() -> None:
    history, _, said = crash_loop(0.2, 100)
    assert isinstance(said, Stopped)
    assert restart.decide(history, said.until - 1) == said
    assert restart.decide(history, said.until) == Start(trial=True)
    history.append(Life(said.until, said.until + 0.2))
    assert restart.decide(history, said.until + 0.2) == Stopped(said.until + 0.2 + 1800, deaths=7)


def test_a_trial_that_lives_ten_minutes_makes_it_an_ordinary_part_again() -> None:
    history, _, said = crash_loop(0.2, 100)
    history.append(Life(said.until, said.until + 600))
    assert restart.decide(history, said.until + 600) == Wait(said.until + 601)


@pytest.mark.parametrize(("jitter", "delay"), [(-1, 0.8), (0, 1.0), (1, 1.2), (7, 1.2)])
def test_jitter_is_at_most_a_fifth(jitter: float, delay: float) -> None:
    said = restart.decide([Life(0.0, 1.0)], 1.0, jitter=jitter)
    assert isinstance(said, Wait)
    assert round(said.until - 1.0, 6) == delay


def test_ends_that_we_wanted_do_not_count_among_the_deaths() -> None:
    lives = [Life(T0 + n, T0 + n + 0.5, wanted=True) for n in range(20)]
    assert restart.decide([*lives, Life(T0 + 30, T0 + 31)], T0 + 31) == Wait(T0 + 32)


def test_a_counter_that_stands_still_for_ninety_seconds_is_hung() -> None:
    seen = Beat(7, 1, since=T0)
    seen = restart.beat(seen, 7, 1, T0 + 89)
    assert not restart.is_hung(seen, T0 + 89)
    assert restart.is_hung(seen, T0 + 90)


@pytest.mark.parametrize(("pid", "counter"), [(7, 2), (8, 1), (7, 0)])
def test_any_other_counter_or_process_moves(pid: int, counter: int) -> None:
    assert restart.beat(Beat(7, 1, since=T0), pid, counter, T0 + 89) == Beat(pid, counter, T0 + 89)


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ({"reason": "no_task_running", "at": T0}, "runner"),
        ({"reason": "no_task_running_stuck", "at": int(T0)}, "runner"),
        ({"reason": "api_stale", "at": T0}, "api"),
        ({"reason": "api_unreachable", "at": T0}, "api"),
        ({"reason": "my own", "at": T0, "target": "monitor"}, "monitor"),
        ({"reason": "my own", "at": T0, "target": "the moon"}, "runner"),
        ({"reason": "no_task_running", "at": "1970-01-12T13:46:40Z"}, "runner"),
        ({"reason": "no_task_running", "at": "1970-01-12T13:46:40"}, "runner"),
    ],
)
def test_a_request_names_its_target_or_its_reason_does(said: dict[str, Any], target: str) -> None:
    assert restart.read_request(said, T0 + 1) == Request(said["reason"], target, T0)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ([], "it is not {reason, at}"),
        ("x", "it is not {reason, at}"),
        ({"reason": 7, "at": T0}, "it is not {reason, at}"),
        ({"reason": "", "at": T0}, "it is not {reason, at}"),
        ({"reason": "x"}, "it has no time, neither in seconds nor as 2026-01-31T22:00:00Z"),
        ({"reason": "x", "at": True}, "it has no time, neither in seconds nor as 2026-01-31T22:00:00Z"),
        ({"reason": "x", "at": "soon"}, "it has no time, neither in seconds nor as 2026-01-31T22:00:00Z"),
        ({"reason": "x", "at": T0 - 901}, "it is 901 s old"),
        ({"reason": "x", "at": T0 + 61}, "its time lies ahead"),
        ({"reason": "x", "at": float("nan")}, "its time lies ahead"),
    ],
)
def test_garbage_and_old_requests_are_none(said: Any, why: str) -> None:
    assert restart.read_request(said, T0) == why


def test_three_requests_an_hour_for_one_target() -> None:
    earlier = [Request("x", "runner", T0 + n) for n in (0, 1000, 2000)]
    assert restart.too_many(earlier, "runner", T0 + 3599)
    assert not restart.too_many(earlier, "runner", T0 + 3600)
    assert not restart.too_many(earlier, "api", T0 + 2000)
    assert not restart.too_many(earlier[:2], "runner", T0 + 2000)


@pytest.mark.parametrize(
    ("reason", "target", "seconds"),
    [
        ("no_task_running", "runner", 0.0),  # it holds no task, and is what hangs
        ("a new agent is installed", "runner", 600.0),
        ("api_stale", "api", 0.0),
        ("monitor_stale", "monitor", 0.0),
    ],
)
def test_a_runner_finishes_its_task_unless_it_is_what_hangs(reason: str, target: str, seconds: float) -> None:
    assert restart.drain_s(Request(reason, target, T0)) == seconds
