from __future__ import annotations

from typing import Any

import pytest

from nightrun.conditions.no_task_running import Settings, detect
from tests.conditions.facts import HOUR, T0


def look(**more: Any) -> list[Any]:
    snapshot = {
        "counts": {"running": 0, "pending": 1},
        "pauses": [],
        "started_at": T0 - HOUR,
        "oldest_ready": {"id": "t1", "ready_at": T0 - 600},
        "ready_count": 1,
        "last_claim_at": None,
        **more,
    }
    return detect(snapshot, Settings(), T0)


def test_ten_minutes_of_ready_work_without_a_running_task_fire() -> None:
    (finding,) = look()
    assert (finding.state, finding.severity, finding.direction) == ("firing", "high", None)
    assert finding.message == "1 task is ready and none has run for 10 min (oldest: t1)"


def test_a_second_less_does_not() -> None:
    assert look(oldest_ready={"id": "t1", "ready_at": T0 - 599}) == []


@pytest.mark.parametrize(
    "more",
    [
        {"oldest_ready": None},
        {"counts": {"running": 1}},
        {"pauses": [{"scope": "intake", "reason": "limit"}]},
        {"started_at": T0 - 119},
        {"runner_started_at": T0 - 119},
        {"resumed_at": T0 - 119},
        {"last_claim_at": T0 - 599},
        {"attempts": [{"ended_at": T0 - 599}]},
        {"resumed_at": T0 - 599},
    ],
    ids=lambda more: next(iter(more)),
)
def test_an_empty_queue_a_pause_a_restart_or_a_sleep_is_no_alarm(more: dict[str, Any]) -> None:
    assert look(**more) == []


def test_a_paused_agent_does_not_excuse_an_idle_runner() -> None:
    assert look(pauses=[{"scope": "agent:codex", "reason": "limit"}])


def test_a_shorter_wait_makes_the_quiet_time_shorter_too() -> None:
    snapshot = {
        "counts": {},
        "pauses": [],
        "started_at": T0 - 6,
        "oldest_ready": {"id": "t1", "ready_at": T0 - 6},
    }
    assert detect(snapshot, Settings(after=5), T0)
    assert detect({**snapshot, "started_at": T0 - 4}, Settings(after=5), T0) == []


@pytest.mark.parametrize("name", ["counts", "pauses", "started_at"])
def test_missing_data_is_unknown(name: str) -> None:
    assert [one.state for one in look(**{name: None})] == ["unknown"]


def looked(*minutes_ago: float, **settings: Any) -> list[str]:
    looks = [T0 - 60 * one - 1 for one in minutes_ago]
    return [one.state for one in look(looks=looks, interval=60.0, **settings)]


def test_at_least_eight_of_ten_minutes_must_have_been_looked_at() -> None:
    assert looked(*range(1, 10)) == ["firing"]
    assert looked(*range(1, 9)) == ["firing"]
    assert looked(*range(4, 10)) == ["unknown"]
    assert looked() == ["unknown"]
    assert looked(*range(20, 40)) == ["unknown"]


def test_a_monitor_that_looks_seldom_is_not_blind() -> None:
    looks = [T0 - 301, T0 - 602]
    assert [one.state for one in look(looks=looks, interval=300.0)] == ["firing"]
