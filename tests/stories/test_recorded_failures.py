"""Failures of other systems, as they were recorded, replayed on this one's conditions."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

from nightrun.decisions import heal, replay
from nightrun.hands.store import claims, pauses, tasks
from nightrun.hands.store.database import Database
from nightrun.policy.model import Policy
from nightrun.words.issue import Finding
from tests.conditions import facts
from tests.conditions.facts import DAY, HOUR, T0
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


def remedy(days: float = 0, *, now: float = T0, name: str = "h", **more: Any) -> dict[str, Any]:
    """A heal of the target below that ended."""
    at = now + days * DAY
    context = {"condition": "repeated_failures", "fingerprint": "impl:gate:1"}
    usual = {"id": f"{name}{days}", "created_at": at, "finished_at": at, "context": context}
    return {**usual, "task_type": "heal", **more}


def choose(heals: list[dict[str, Any]], *, now: float, seen_at: float = T0 + 30 * DAY) -> list[Any]:
    target = {"condition": "repeated_failures", "fingerprint": "impl:gate:1"}
    seen = Finding(**target, state="firing", direction="Mend it.", evidence={"last_at": seen_at})
    opened = {("repeated_failures", "impl:gate:1"): {"id": "i1", "first_seen": now}}
    return heal.choose([seen], opened, heals, task_types={}, caps=heal.Caps(), auto_fix=True, now=now)


def test_a_heal_storm_is_a_handful_of_heals() -> None:
    """neo#17044: 4,692 heal events, 4,690 of them for one target."""
    heals = storm.run(storm.as_shipped, 44).heals
    assert 1 <= len(heals) <= 6
    targets = [one["context"]["fingerprint"] for one in heals]
    assert max(map(targets.count, targets)) <= heal.A_DAY_EACH * storm.HOURS / 24


def test_a_target_whose_heals_do_not_help_gets_no_more_of_them_however_often_it_comes_back() -> None:
    """neo#17044: the one target was healed again and again."""
    unhelped = [remedy(day, effect="not recovered", status="completed") for day in (1, 3, 5)]
    assert choose([], now=T0 + 6 * DAY) and not choose(unhelped, now=T0 + 6 * DAY)
    assert choose(unhelped[:2], now=T0 + 6 * DAY)


def test_a_runner_that_was_stopped_on_purpose_is_no_alarm() -> None:
    """gastown#2795: 86 alerts in 30 minutes for workers stopped on purpose."""
    assert fired(*(queue(minute, pauses=[PAUSED]) for minute in range(60))) == []
    silent = [facts.attempt(n, "interrupted") for n in range(1, 30)]
    ended = facts.tasks("F" * 29, error_class="interrupted")
    stopped = {"attempts": silent, "finished": ended, "window": facts.window(0, 0), "auto_commit": True}
    assert fired(*(queue(minute, pauses=[PAUSED], **stopped) for minute in range(30))) == []
    assert fired(*(queue(minute) for minute in range(60))) == ["no_task_running"]


def test_an_empty_queue_is_not_a_stuck_one() -> None:
    """orbi#266: no noise when the queue is merely empty."""
    assert fired(*(queue(minute, oldest_ready=None, ready_count=0) for minute in range(24 * 60))) == []


def test_success_without_a_commit_is_no_progress() -> None:
    """detent#1886: 81 dispatches, 71 of them "success", and nothing came of them."""
    done = facts.tasks(("C" * 7 + "F") * 6, commit_state="none")
    look = {"now": T0, "finished": done, "attempts": [], "auto_commit": True, "window": facts.window(42, 6)}
    assert fired(look) == ["no_progress"]
    landed = facts.tasks(("C" * 7 + "F") * 6, commit_state="landed")
    assert fired({**look, "finished": landed}) == []


def test_no_breaker_is_undone_by_time_or_by_a_restart_alone() -> None:
    """detent#1924: about 5,950 dollars in five days, because every breaker was undone automatically."""
    heals: list[dict[str, Any]] = []
    for hour in range(5 * 24):
        now = T0 + hour * HOUR
        # The issue is closed and opened again every other hour, and nothing but what is stored is remembered.
        for number in range(len(choose(heals, now=now, seen_at=now)) if hour % 2 else 0):
            heals.append(remedy(now=now, name=f"h{hour}.{number}", status="failed", error_class="agent"))
    gaps = [later["finished_at"] - one["finished_at"] for one, later in pairwise(heals)]
    assert 3 < len(heals) <= 3 + 6
    assert gaps[2] >= 6 * HOUR and gaps[3] >= 12 * HOUR and min(gaps[4:]) >= 24 * HOUR


def test_a_pause_that_waits_for_a_person_ends_by_a_person_alone(tmp_path: Path) -> None:
    """detent#1924."""
    db = Database(tmp_path / "pipeline.db")
    try:
        for by in ("person", "nightrun"):
            pauses.put(db, scope="intake", by=by, reason="breaker", until=None, now=T0)
        pauses.end(db, scope="intake", by="nightrun", now=1.0)
        assert [one["by"] for one in pauses.active(db, now=T0 + 365 * DAY)] == ["person"]
        tasks.add(db, direction="x", task_type="impl", now=T0)
        assert claims.claim(db, runner="runner-1", agents=["script"], now=T0 + DAY) is None
        pauses.end(db, scope="intake", by="person", now=2.0)
        assert claims.claim(db, runner="runner-1", agents=["script"], now=T0 + DAY) is not None
    finally:
        db.close()


def test_one_fault_of_all_is_no_failure_of_each() -> None:
    """detent#1223: a shared fault failed the queue task by task. What stops intake is in test_obstacles.py."""
    out = [facts.attempt(n, "limit") for n in range(1, 30)]
    ended = facts.tasks("F" * 29, error_class="limit")
    pause = {"scope": "agent:claude", "by": "nightrun", "reason": "limit", "until": T0 + HOUR}
    look = {"now": T0, "finished": ended, "attempts": out, "window": facts.window(0, 0), "pauses": [pause]}
    assert fired(look) == []
    assert fired({**look, "pauses": []}) == []
    assert fired({**look, "finished": facts.tasks("F" * 29), "window": facts.window(0, 29)}) == []
    assert fired({**look, "finished": facts.tasks("F" * 29), "window": facts.window(0, 29), "pauses": []}) != []


def test_failures_of_an_agent_that_an_outage_stopped_are_not_judged_until_it_is_back() -> None:
    """The rate is not an alarm while nobody could do better; when the pause ends, it is."""
    bad = {"finished": facts.tasks("F" * 9), "attempts": [], "window": facts.window(0, 9)}
    pause = {"scope": "agent:claude", "by": "nightrun", "reason": "limit", "until": T0 + HOUR}
    assert fired({"now": T0, "pauses": [pause], **bad}) == []
    assert "low_success_rate" in fired({"now": T0, "pauses": [pause], **bad}, {"now": T0 + 60, "pauses": [], **bad})
