"""Failures of other systems, as they were recorded, replayed on this one's conditions."""

from __future__ import annotations

from typing import Any

from nightrun.decisions import replay
from nightrun.policy.model import Policy
from tests.conditions import facts
from tests.conditions.facts import HOUR, T0
from tests.simulate import storm

PAUSED = {"scope": "intake", "by": "person", "reason": "stopped on purpose", "until": None}


def fired(*looks: dict[str, Any]) -> list[str]:
    found, _ = replay.run(looks, Policy().monitor.condition)
    return [one.condition for one in found if one.what != replay.RESOLVED]


def queue(minute: int, **more: Any) -> dict[str, Any]:
    """One look at a queue in which nothing runs, so many minutes after the last claim."""
    now = T0 + 60 * minute
    return {
        "now": now,
        "counts": {"running": 0},
        "pauses": [],
        "started_at": T0 - HOUR,
        "last_claim_at": T0,
        "oldest_ready": {"id": "t9", "ready_at": T0 - HOUR},
        "ready_count": 1,
        **more,
    }


def test_a_heal_storm_is_a_handful_of_heals() -> None:
    """neo#17044: 4,692 heal events."""
    assert len(storm.run(storm.as_shipped, 44).heals) <= 6


def test_a_runner_that_was_stopped_on_purpose_is_no_alarm() -> None:
    """gastown#2795."""
    assert fired(*(queue(minute, pauses=[PAUSED]) for minute in range(60))) == []
    assert fired(*(queue(minute) for minute in range(60))) == ["no_task_running"]


def test_an_empty_queue_is_not_a_stuck_one() -> None:
    assert fired(*(queue(minute, oldest_ready=None, ready_count=0) for minute in range(24 * 60))) == []


def test_success_without_a_commit_is_no_progress() -> None:
    """detent#1886."""
    done = facts.tasks("C" * 12, commit_state="none")
    look = {"now": T0, "finished": done, "attempts": [], "auto_commit": True, "window": facts.window(12, 0)}
    assert fired(look) == ["no_progress"]


def test_one_fault_of_all_is_no_failure_of_each() -> None:
    """detent#1223: a shared fault failed the queue task by task."""
    out = [facts.attempt(n, "limit") for n in range(1, 30)]
    ended = facts.tasks("F" * 29, error_class="limit")
    pause = {"scope": "agent:claude", "by": "nightrun", "reason": "limit", "until": T0 + HOUR}
    look = {"now": T0, "finished": ended, "attempts": out, "window": facts.window(0, 0), "pauses": [pause]}
    assert fired(look) == []


def test_failures_of_an_agent_that_an_outage_stopped_are_not_judged_until_it_is_back() -> None:
    """The rate is not an alarm while nobody could do better; when the pause ends, it is."""
    bad = {"finished": facts.tasks("F" * 9), "attempts": [], "window": facts.window(0, 9)}
    pause = {"scope": "agent:claude", "by": "nightrun", "reason": "limit", "until": T0 + HOUR}
    assert fired({"now": T0, "pauses": [pause], **bad}) == []
    assert "low_success_rate" in fired({"now": T0, "pauses": [pause], **bad}, {"now": T0 + 60, "pauses": [], **bad})
