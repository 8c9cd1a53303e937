from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import idle
from tests.decisions.seen import NOW, failed, snapshot, task

SINCE = NOW - 600.0


def runner(**fields: Any) -> dict[str, Any]:
    return {"name": "runner-1", "at": NOW - 5, "state": "idle", "backlog_open": 0, **fields}


def pause(**fields: Any) -> dict[str, Any]:
    return {"scope": "intake", "reason": "I look at it", "until": None, **fields}


def seen(**fields: Any) -> dict[str, Any]:
    """A run that is over, with changes."""
    counts = {"pending": 0, "running": 0, "completed": 1, "failed": 0, "needs_decision": 0, **fields.pop("counts", {})}
    return snapshot(counts=counts, **{"runners": [runner()], "last_evaluation": NOW - 1, **fields})


def busy(shot: dict[str, Any], *, monitored: bool = True) -> str | None:
    return idle.busy(shot, since=SINCE, monitored=monitored)


def test_a_run_with_nothing_left_is_over() -> None:
    assert busy(seen()) is None


@pytest.mark.parametrize(
    ("shot", "why"),
    [
        (seen(counts={"running": 2}), "2 running"),
        (seen(ready_count=3), "3 ready"),
        (seen(waiting=[{"reason": "is put off", "count": 2, "ready_at": NOW + 9}]), "2 put off"),
        (seen(counts={"pending": 1}, pauses=[pause(until=NOW + 60)]), "paused for a while"),
        (seen(unlanded=[task(commit_state="pending")]), "1 not landed yet"),
        (seen(unlanded=[task(commit_state="committed")]), "1 not landed yet"),
        (seen(runners=[]), "no runner has reported yet"),
        (seen(runners=[runner(at=SINCE - 1)]), "no runner has reported yet"),
        (seen(runners=[runner(state="stopped")]), "no runner has reported yet"),
        (seen(runners=[runner(), runner(name="runner-2", state=None)]), "runner-2 at work"),
        (seen(runners=[runner(backlog_open=None), runner(backlog_open=4)]), "4 open in the backlog"),
        (seen(last_evaluation=None), "the monitor has not looked yet"),
        (seen(runners=[runner(target_gate={"result": "failed", "at": NOW - 0.5})]), "the monitor has not looked yet"),
        (seen(last_evaluation=NOW - 60, finished=[task(finished_at=NOW - 30)]), "the monitor has not looked yet"),
    ],
)
def test_what_could_still_go_on_by_itself(shot: dict[str, Any], why: str) -> None:
    assert busy(shot) == why


@pytest.mark.parametrize(
    "shot",
    [
        seen(waiting=[{"reason": "waits for t1", "count": 2, "ready_at": NOW + 9}]),
        seen(waiting=[{"reason": "needs you: HEAD is detached", "count": 1, "ready_at": NOW + 9}]),
        seen(ready_count=3, pauses=[pause()]),
        seen(runners=[runner(backlog_open=4)], pauses=[pause()]),
        seen(unlanded=[task(commit_state="held")]),
        seen(runners=[runner(), runner(name="runner-2", state="stopped")]),
        seen(last_evaluation=NOW - 10, finished=[task(finished_at=NOW - 30), task(finished_at=NOW - 5)]),
    ],
)
def test_what_only_a_person_can_set_going_is_not_waited_for(shot: dict[str, Any]) -> None:
    assert busy(shot) is None


def test_without_a_monitor_its_look_is_not_waited_for() -> None:
    shot = seen(last_evaluation=None)
    assert idle.needs_a_look(busy(shot))
    assert busy(shot, monitored=False) is None


def test_a_run_is_drained_when_nothing_runs_and_what_was_completed_has_landed() -> None:
    assert idle.drained(seen(ready_count=5, unlanded=[task(commit_state="held")]))
    assert not idle.drained(seen(counts={"running": 1}))
    assert not idle.drained(seen(unlanded=[task(commit_state="pending")]))


def test_everything_that_did_not_go_well_is_a_line() -> None:
    shot = seen(
        finished=[failed("t2", finished_at=NOW), failed("t0", finished_at=SINCE - 1), task("t3")],
        needs_decision=[task("t4", status="needs_decision")],
        unlanded=[task("t5", commit_state="held", commit_reason="your edits are in the way")],
    )
    assert idle.failures(shot, failed=3, since=SINCE) == [
        "failed: impl t2: 2 tests failed",
        "failed: 2 more",
        "needs a decision: impl t4",
        "held: impl t5: your edits are in the way",
    ]


def test_a_run_in_which_all_went_well_has_no_line() -> None:
    assert idle.failures(seen(finished=[task()]), failed=0, since=SINCE) == []
    assert idle.waiting(seen()) == []


def test_a_failure_without_a_summary_is_named_by_its_class() -> None:
    shot = seen(finished=[failed(finished_at=NOW, error_summary=None)])
    assert idle.failures(shot, failed=1, since=SINCE) == ["failed: impl t2: gate"]


def test_what_was_not_begun_says_why() -> None:
    shot = seen(pauses=[pause()], waiting=[{"reason": "needs an agent", "count": 2, "ready_at": NOW}])
    assert idle.waiting(shot) == ["intake is paused: I look at it", "2 waiting: needs an agent"]


def test_a_paused_agent_counts_only_while_work_waits() -> None:
    """Its limit was reached, the next of the list did all of it: nothing failed, and the run ends with 0."""
    limited = pause(scope="agent:claude", reason="limit: resets at 7", until=NOW + 60)
    assert idle.waiting(seen(pauses=[limited])) == []
    assert idle.waiting(seen(pauses=[limited], counts={"pending": 1})) == ["agent:claude is paused: limit: resets at 7"]
    assert idle.waiting(seen(pauses=[pause()])) == ["intake is paused: I look at it"]


@pytest.mark.parametrize(
    ("fields", "awake"),
    [
        ({}, False),
        ({"counts": {"running": 1}}, True),
        ({"ready_count": 2}, True),
        ({"ready_count": 2, "pauses": [{"scope": "intake", "until": None}]}, False),
        ({"counts": {"pending": 1}, "pauses": [{"scope": "agent:claude", "until": 4e9}]}, True),  # until its reset
        ({"unlanded": [{"commit_state": "committed"}]}, True),
    ],
)
def test_the_machine_is_kept_awake_while_something_goes_on_without_a_person(
    fields: dict[str, Any], awake: bool
) -> None:
    counts = {"running": 0, "pending": 0, **fields.pop("counts", {})}
    base = {"now": 1e9, "counts": counts, "ready_count": 0, "waiting": [], "pauses": [], "unlanded": []}
    assert idle.has_work({**base, **fields}) is awake
