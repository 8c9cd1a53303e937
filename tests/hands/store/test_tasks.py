from __future__ import annotations

import pytest

from nightrun.hands.store import events, moves, tasks
from nightrun.hands.store.database import Database
from nightrun.hands.store.refusals import Invalid, NotFound
from nightrun.words.task import Task
from tests.hands.store import ways
from tests.hands.store.ways import T0


def test_a_new_task_waits_as_it_was_given(db: Database) -> None:
    text = "Quote ' \" and `x` $(y)\n\n\tnul-free \u202e 🌙"
    row, created = tasks.add(db, direction=text, task_type="spec", priority=3, context={"a": [1]}, now=T0)
    task = Task.from_json(tasks.to_json(row))
    assert created
    assert task.direction == text
    assert (task.status, task.task_type, task.priority, task.attempt) == ("pending", "spec", 3, 0)
    assert task.context == {"a": [1]}
    assert (task.created_at, task.ready_at, task.updated_at) == (T0, T0, T0)
    assert task.commit_state == "none"


def test_a_million_characters_come_back_unchanged(db: Database) -> None:
    text = "x" * 1_000_000
    assert tasks.get(db, ways.add(db, direction=text))["direction"] == text


def test_the_same_dedup_key_gives_the_first_task(db: Database) -> None:
    first, _ = tasks.add(db, direction="a", task_type="impl", dedup_key="k", now=T0)
    second, created = tasks.add(db, direction="b", task_type="test", dedup_key="k", now=T0 + 9)
    assert not created
    assert second["id"] == first["id"]
    assert tasks.counts(db)["by_status"]["pending"] == 1


def test_a_dependency_that_does_not_exist_is_refused_and_adds_nothing(db: Database) -> None:
    with pytest.raises(Invalid, match="There is no task 'nope' to depend on"):
        tasks.add(db, direction="a", task_type="impl", depends_on=["nope"], now=T0)
    assert tasks.listed(db) == ([], 0)


def test_a_task_that_is_not_there_is_said(db: Database) -> None:
    with pytest.raises(NotFound, match="Task not found"):
        tasks.get(db, "nope")


def test_lists_are_newest_first_filtered_and_paged(db: Database) -> None:
    made = [ways.add(db, T0 + n, task_type="impl" if n % 2 else "test") for n in range(5)]
    page, total = tasks.listed(db, limit=2)
    assert ([one["id"] for one in page], total) == (made[:2:-1], 5)
    page, total = tasks.listed(db, limit=2, offset=4)
    assert ([one["id"] for one in page], total) == ([made[0]], 5)
    page, total = tasks.listed(db, task_type="impl", newest_first=False)
    assert ([one["id"] for one in page], total) == ([made[1], made[3]], 2)
    assert tasks.listed(db, status="running") == ([], 0)


def test_lists_leave_out_output_and_command_and_cut_long_directions(db: Database) -> None:
    ways.add(db, direction="x" * 20_000)
    ((one,), _) = tasks.listed(db)
    assert "output" not in one
    assert "command" not in one
    assert len(one["direction"]) == tasks.LIST_DIRECTION_CHARS


def test_counts_follow_every_move(db: Database) -> None:
    ways.add(db)
    ways.run(db, T0 + 5, 1, commit_state="pending")
    ways.run(db, T0 + 9, 1, "failed", error_class="gate")
    counts = tasks.counts(db)
    assert counts["by_status"] == {"pending": 1, "running": 0, "completed": 1, "failed": 1, "needs_decision": 0}
    assert counts["by_commit_state"]["pending"] == 1
    assert counts["completed_by_task_type"]["impl"] == 1
    with db.write():
        db.run("DELETE FROM tasks")
    assert sum(tasks.counts(db)["by_status"].values()) == 0


def test_a_dependent_is_ready_when_its_need_is_completed_and_landed(db: Database) -> None:
    first = ways.add(db)
    second = ways.add(db, T0 + 1, depends_on=[first])
    assert tasks.get(db, second)["waiting_reason"] == f"waits for {first}"
    task = ways.claim(db, T0 + 2)
    assert task["id"] == first
    assert ways.claim(db, T0 + 2) is None
    ways.finish(db, task, T0 + 3, commit_state="pending")
    assert ways.claim(db, T0 + 4) is None
    moves.patch(db, first, {"commit_state": "held", "commit_reason": "overlap"}, now=T0 + 5)
    assert ways.claim(db, T0 + 6) is None
    moves.patch(db, first, {"commit_state": "landed", "commit_sha": "abc"}, now=T0 + 7)
    assert tasks.get(db, second)["waiting_reason"] is None
    assert tasks.get(db, second)["ready_at"] == T0 + 7
    assert ways.claim(db, T0 + 8)["id"] == second


def test_completed_without_a_commit_satisfies_too(db: Database) -> None:
    first = ways.add(db, task_type="heal")
    second = ways.add(db, T0 + 1, depends_on=[first])
    ways.finish(db, ways.claim(db), T0 + 2)
    assert ways.claim(db, T0 + 3)["id"] == second


def test_all_needs_must_be_met(db: Database) -> None:
    first, second = ways.add(db), ways.add(db)
    third = ways.add(db, depends_on=[first, second])
    ways.finish(db, ways.claim(db), T0 + 1)
    assert tasks.get(db, third)["waiting_reason"] == f"waits for {second}"
    ways.finish(db, ways.claim(db), T0 + 2)
    assert ways.claim(db, T0 + 3)["id"] == third


def test_a_failed_need_is_said_at_the_dependent(db: Database) -> None:
    first = ways.add(db)
    second = ways.add(db, depends_on=[first])
    ways.finish(db, ways.claim(db), T0 + 1, "failed", error_class="gate")
    assert tasks.get(db, second)["waiting_reason"] == f"needs {first}, which failed"
    assert ways.claim(db, T0 + 2) is None


def test_a_need_that_is_done_already_does_not_hold(db: Database) -> None:
    done = ways.run(db, T0, 1)
    second = ways.add(db, depends_on=[done["id"]])
    assert ways.claim(db)["id"] == second


def test_every_move_is_an_event(db: Database) -> None:
    task_id = ways.add(db)
    task = ways.claim(db, T0 + 1)
    ways.finish(db, task, T0 + 2, "pending", error_class="gate", error_summary="2 failed")
    task = ways.claim(db, T0 + 3)
    ways.finish(db, task, T0 + 4, commit_state="pending")
    moves.patch(db, task_id, {"commit_state": "landed", "commit_sha": "abc"}, now=T0 + 5)
    assert [(one["at"] - T0, one["kind"], one["text"]) for one in events.of_task(db, task_id)] == [
        (0, "added", "added as impl"),
        (1, "claimed", "attempt 1 by runner-1"),
        (2, "retry", "attempt 1 ended, back in the queue (gate: 2 failed)"),
        (3, "claimed", "attempt 2 by runner-1"),
        (4, "completed", "attempt 2 completed; change: pending"),
        (5, "landed", "change landed, abc"),
    ]
