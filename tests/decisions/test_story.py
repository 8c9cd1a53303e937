from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import story
from nightrun.words.task import Task
from tests.decisions import seen
from tests.decisions.seen import NOW


def task(**fields: Any) -> Task:
    known = {"id": "t1", "task_type": "impl", "direction": "Add a flag. And more.", "attempt": 1, "ready_at": NOW}
    return Task(**{**known, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "running"}, "running: Add a flag"),
        ({"status": "running", "attempt": 2}, "running (attempt 2): Add a flag"),
        ({"status": "completed", "commit_state": "none"}, "completed"),
        ({"status": "completed", "commit_state": "none", "commit_reason": "off"}, "completed, no commit: off"),
        ({"status": "completed", "commit_state": "pending"}, "completed"),
        (
            {"status": "completed", "commit_state": "committed", "commit_sha": "a" * 40},
            "committed aaaaaaaaaa: Add a flag",
        ),
        ({"status": "completed", "commit_state": "landed", "commit_sha": "a" * 40}, "landed aaaaaaaaaa: Add a flag"),
        (
            {"status": "completed", "commit_state": "landed", "commit_sha": "a" * 40, "attempt": 3},
            "landed aaaaaaaaaa (attempt 3): Add a flag",
        ),
        ({"status": "completed", "commit_state": "held", "commit_reason": "edits"}, "held: edits"),
        ({"status": "completed", "commit_state": "failed"}, "could not be committed: no reason given"),
        ({"status": "failed", "error_class": "gate", "error_summary": "2 failed"}, "failed gate: 2 failed"),
        ({"status": "needs_decision", "decision_prompt": "A or\nB?"}, "needs a decision: A or B?"),
        ({"status": "needs_decision"}, "needs a decision: Add a flag"),
        ({"status": "pending", "outcome": "timeout"}, "went back to the queue after timeout: no error line"),
        ({"status": "pending", "waiting_reason": "needs main to pass"}, "waits: needs main to pass"),
        (
            {"status": "pending", "error_class": "gate", "error_summary": "red", "ready_at": NOW + 30},
            "went back to the queue after gate: red, again in 30 s",
        ),
    ],
)
def test_each_move_of_a_task_is_one_line(fields: dict[str, Any], said: str) -> None:
    assert story.line(task(**fields), NOW).rstrip(".") == f"impl t1 {said}"


def test_a_long_reason_is_cut() -> None:
    said = story.line(task(status="failed", error_class="gate", error_summary="x" * 9999), NOW)
    assert len(said) < 200 and said.endswith("…")


def test_only_what_moved_is_told() -> None:
    before = story.marks(seen.snapshot(running=[seen.task("t1", status="running"), seen.task("t2", status="running")]))
    after = story.marks(
        seen.snapshot(running=[seen.task("t2", status="running")], finished=[seen.task("t3"), seen.task("t1")])
    )
    assert story.moved(before, after) == ["t1", "t3"]
    assert story.moved(after, after) == []


def test_a_task_that_is_shown_no_more_went_back_to_the_queue() -> None:
    before = story.marks(seen.snapshot(running=[seen.task("t1", status="running")], finished=[seen.task("t0")]))
    assert story.moved(before, story.marks(seen.snapshot())) == ["t1"]


def test_a_commit_that_lands_is_a_move() -> None:
    before = story.marks(seen.snapshot(unlanded=[seen.task("t1", commit_state="pending")]))
    after = story.marks(seen.snapshot(finished=[seen.task("t1", commit_state="landed")]))
    assert story.moved(before, after) == ["t1"]


def test_another_attempt_is_a_move() -> None:
    before = story.marks(seen.snapshot(running=[seen.task("t1", status="running")]))
    after = story.marks(seen.snapshot(running=[seen.task("t1", status="running", attempt=2)]))
    assert story.moved(before, after) == ["t1"]


def test_issues_and_pauses_are_told_when_they_come_and_when_they_go() -> None:
    with_both = seen.snapshot(issues=[seen.issue()], pauses=[{"scope": "agent:claude", "reason": "usage\nlimit"}])
    assert story.notices({}, with_both) == [
        "issue repeated_failures: impl failed three times",
        "paused agent:claude: usage limit",
    ]
    assert story.notices(with_both, with_both) == []
    assert story.notices(with_both, seen.snapshot()) == ["resolved repeated_failures", "resumed agent:claude"]
