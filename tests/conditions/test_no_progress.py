from __future__ import annotations

from typing import Any

from nightrun.conditions.no_progress import Settings, detect
from tests.conditions.facts import HOUR, T0, attempt, task


def look(attempts: list[Any], finished: list[Any], **more: Any) -> list[Any]:
    return detect({"attempts": attempts, "finished": finished, **more}, Settings(), T0)


def test_ten_attempts_without_a_completed_task_fire() -> None:
    attempts = [attempt(n, "gate") for n in range(1, 11)]
    (finding,) = look(attempts, [])
    assert (finding.state, finding.fingerprint, finding.direction) == ("firing", "completed", None)
    assert finding.message == "10 attempts ended in the last 6.0 h and no task was completed"
    assert look(attempts[1:], []) == []


def test_one_completed_task_is_progress() -> None:
    attempts = [attempt(n, "gate") for n in range(1, 11)]
    assert look(attempts, [task(1)]) == []
    assert look(attempts, [task(1, finished_at=T0 - 6 * HOUR - 1)])
    assert look(attempts, [task(1, task_type="heal")])


def test_outages_are_no_attempts() -> None:
    assert look([attempt(n, "limit") for n in range(1, 20)], []) == []


def test_ten_completed_tasks_without_a_commit_fire_when_commits_are_on() -> None:
    finished = [task(n, commit_state="none") for n in range(1, 11)]
    (finding,) = look([], finished, auto_commit=True)
    assert finding.message == "10 tasks were completed in the last 6.0 h and none left a commit"
    assert look([], finished, auto_commit=False) == []
    assert look([], [*finished[:9], task(10)], auto_commit=True) == []
    assert look([], [task(n, commit_state="none", task_type="review") for n in range(1, 11)], auto_commit=True) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
