from __future__ import annotations

from typing import Any

import pytest

from nightrun.hands.store import attempts, moves, tasks
from nightrun.hands.store.database import Database
from nightrun.hands.store.refusals import NotAllowed
from nightrun.words.task import MOVES, STATUSES
from tests.hands.store import ways
from tests.hands.store.ways import T0


def at(db: Database, status: str) -> str:
    """A task in this status, by the shortest way."""
    task_id = ways.add(db)
    if status != "pending":
        moves.patch(db, task_id, {"status": "running"}, now=T0)
    if status not in ("pending", "running"):
        moves.patch(db, task_id, {"status": status}, now=T0 + 1)
    return task_id


@pytest.mark.parametrize("target", STATUSES)
@pytest.mark.parametrize("status", STATUSES)
def test_a_person_may_make_exactly_the_moves(db: Database, status: str, target: str) -> None:
    task_id = at(db, status)
    if target in MOVES[status]:
        assert moves.patch(db, task_id, {"status": target}, now=T0 + 2)["status"] == target
        return
    with pytest.raises(NotAllowed) as caught:
        moves.patch(db, task_id, {"status": target}, now=T0 + 2)
    assert (caught.value.status, caught.value.allowed) == (status, MOVES[status])
    assert tasks.get(db, task_id)["status"] == status


def test_a_status_that_does_not_exist_is_refused_with_the_moves(db: Database) -> None:
    with pytest.raises(NotAllowed, match="There is no status 'done'") as caught:
        moves.patch(db, at(db, "running"), {"status": "done"}, now=T0)
    assert caught.value.allowed == MOVES["running"]


def test_a_wrong_token_is_refused(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    with pytest.raises(NotAllowed, match="This claim is lost: token 7, the task is at 1"):
        moves.patch(db, task["id"], {"status": "completed", "fencing_token": 7}, now=T0)


def test_the_same_end_delivered_again_changes_nothing(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    first = ways.finish(db, task, T0 + 5, commit_state="pending", output="done")
    moves.patch(db, task["id"], {"commit_state": "landed"}, now=T0 + 6)
    again = ways.finish(db, task, T0 + 9, commit_state="pending", output="done")
    assert (again["finished_at"], again["commit_state"]) == (first["finished_at"], "landed")
    with pytest.raises(NotAllowed, match="A task that is completed cannot become failed"):
        ways.finish(db, task, T0 + 9, "failed")
    with pytest.raises(NotAllowed):
        moves.patch(db, task["id"], {"status": "completed"}, now=T0 + 9)


def test_the_same_retry_delivered_again_counts_once(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    change = {"error_class": "gate", "costs_attempt": True, "ready_at": T0 + 30}
    ways.finish(db, task, T0 + 1, "pending", **change)
    again = ways.finish(db, task, T0 + 2, "pending", **change)
    assert (again["failures"], again["ready_at"]) == (1, T0 + 30)


def test_a_late_runner_cannot_end_a_task_that_went_back(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    ways.finish(db, task, T0 + 1, "pending", error_class="gate")
    with pytest.raises(NotAllowed, match="This claim is over: the task is pending"):
        ways.finish(db, task, T0 + 2, "failed")


def test_a_person_taking_a_running_task_back_fences_its_runner_out(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    moves.patch(db, task["id"], {"status": "pending"}, now=T0 + 1)
    with pytest.raises(NotAllowed, match="This claim is lost"):
        moves.patch(db, task["id"], {"status": "pending", "fencing_token": task["fencing_token"]}, now=T0 + 2)


@pytest.mark.parametrize(
    ("change", "failures"),
    [
        ({"error_class": "gate"}, 1),
        ({"error_class": "limit"}, 0),
        ({"error_class": "gate", "costs_attempt": False}, 0),
        ({"error_class": "interrupted", "costs_attempt": True}, 1),
        ({}, 0),
    ],
)
def test_only_task_faults_cost_an_attempt(db: Database, change: dict[str, Any], failures: int) -> None:
    ways.add(db)
    ended = ways.finish(db, ways.claim(db), T0 + 1, "pending", **change)
    assert ended["failures"] == failures


def test_a_retry_waits_for_its_time_with_its_reason(db: Database) -> None:
    ways.add(db)
    change = {"error_class": "limit", "ready_at": T0 + 100, "waiting_reason": "usage limit until 03:00"}
    ended = ways.finish(db, ways.claim(db), T0 + 1, "pending", **change)
    assert ended["waiting_reason"] == "usage limit until 03:00"
    assert ways.claim(db, T0 + 99) is None
    assert ways.claim(db, T0 + 100)["waiting_reason"] is None


def test_completing_clears_the_errors_of_earlier_attempts(db: Database) -> None:
    ways.add(db)
    ways.finish(db, ways.claim(db), T0 + 1, "pending", error_class="gate", error_summary="red", output="log")
    task = ways.claim(db, T0 + 2)
    assert (task["error_class"], task["error_summary"], task["output"]) == ("gate", "red", "log")
    done = ways.finish(db, task, T0 + 3)
    assert (done["error_class"], done["error_summary"], done["outcome"]) == (None, None, "completed")


@pytest.mark.parametrize(("status", "kind"), [("running", "agent"), ("pending", "interrupted")])
def test_a_failure_always_has_a_class_and_a_summary(db: Database, status: str, kind: str) -> None:
    failed = moves.patch(db, at(db, status), {"status": "failed"}, now=T0 + 2)
    assert failed["error_class"] == kind
    assert failed["error_summary"]


def test_failing_an_undecided_task_keeps_why_it_stopped(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    ways.finish(db, task, T0 + 1, "needs_decision", error_class="scan", error_summary="a secret", decision_prompt="?")
    failed = moves.patch(db, task["id"], {"status": "failed", "decision": "no"}, now=T0 + 900)
    assert (failed["error_class"], failed["error_summary"], failed["decision"]) == ("scan", "a secret", "no")
    assert failed["run_seconds"] == 1


def test_an_answer_puts_a_task_back_to_work_with_new_attempts(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    ways.finish(db, task, T0 + 1, "needs_decision", error_class="gate", decision_prompt="Which one?")
    answered = moves.patch(db, task["id"], {"decision": "the second"}, now=T0 + 9)
    assert (answered["status"], answered["decision"], answered["failures"]) == ("pending", "the second", 0)
    assert answered["decision_prompt"] == "Which one?"
    assert ways.claim(db, T0 + 9)["decision"] == "the second"


def test_an_answer_nobody_asked_for_is_refused(db: Database) -> None:
    with pytest.raises(NotAllowed, match="Only a task that needs a decision takes one; this one is running"):
        moves.patch(db, at(db, "running"), {"decision": "yes"}, now=T0)


def test_output_is_kept_from_its_end(db: Database) -> None:
    ways.add(db)
    done = ways.finish(db, ways.claim(db), T0 + 1, output="x" * 30_000 + "VERDICT: PASS")
    assert done["output"].endswith("VERDICT: PASS")
    assert len(done["output"]) == moves.OUTPUT_CHARS
    assert done["output_chars"] == 30_013


def test_context_is_merged_and_a_null_takes_a_key_away(db: Database) -> None:
    task_id = ways.add(db, context={"a": 1, "b": 2})
    assert moves.patch(db, task_id, {"context": {"b": None, "c": 3}}, now=T0)["context"] == {"a": 1, "c": 3}


def test_an_error_summary_is_one_line(db: Database) -> None:
    ways.add(db)
    failed = ways.finish(db, ways.claim(db), T0 + 1, "failed", error_class="gate", error_summary="a\n  b\tc")
    assert failed["error_summary"] == "a b c"


def test_only_the_commit_fields_of_a_completed_task_change(db: Database) -> None:
    done = ways.run(db, T0, 1, commit_state="pending")
    changed = moves.patch(db, done["id"], {"commit_state": "landed", "commit_sha": "abc", "branch": None}, now=T0 + 2)
    assert (changed["commit_state"], changed["commit_sha"], changed["status"]) == ("landed", "abc", "completed")
    with pytest.raises(NotAllowed, match=r"A task that is completed does not change any more \(output\)"):
        moves.patch(db, done["id"], {"output": "other"}, now=T0 + 3)


def test_a_landed_change_stays_landed(db: Database) -> None:
    done = ways.run(db, T0, 1, commit_state="landed")
    with pytest.raises(NotAllowed, match="has landed"):
        moves.patch(db, done["id"], {"commit_state": "failed"}, now=T0)


def test_reopening_sends_an_unlanded_change_back_to_work(db: Database) -> None:
    done = ways.run(db, T0, 1, commit_state="pending")
    back = moves.reopen(db, done["id"], "conflict in a.py", now=T0 + 5)
    assert (back["status"], back["commit_state"], back["failures"]) == ("pending", "none", 1)
    assert (back["error_class"], back["error_summary"]) == ("conflict", "conflict in a.py")
    assert [one["outcome"] for one in attempts.of_task(db, done["id"])] == ["conflict"]
    with pytest.raises(NotAllowed, match="This claim is lost"):
        moves.patch(db, done["id"], {"commit_state": "landed", "fencing_token": 1}, now=T0 + 6)
    assert ways.claim(db, T0 + 6)["attempt"] == 2


def test_a_change_that_a_person_refused_costs_no_attempt(db: Database) -> None:
    done = ways.run(db, T0, 1, commit_state="held")
    back = moves.reopen(db, done["id"], "not like this", error_class="scan", costs_attempt=False, now=T0 + 5)
    assert (back["status"], back["failures"], back["outcome"], back["error_class"]) == ("pending", 0, "scan", "scan")


@pytest.mark.parametrize("state", ["none", "landed"])
def test_reopening_what_is_settled_is_refused(db: Database, state: str) -> None:
    done = ways.run(db, T0, 1, commit_state=state)
    with pytest.raises(NotAllowed, match="Only a completed task whose change is not landed"):
        moves.reopen(db, done["id"], "why", now=T0 + 1)


def test_every_attempt_is_kept(db: Database) -> None:
    task_id = ways.add(db)
    ways.finish(db, ways.claim(db), T0 + 1, "pending", error_class="timeout", agent="claude", output="abc")
    ways.finish(db, ways.claim(db, T0 + 2), T0 + 3, agent="codex")
    kept = attempts.of_task(db, task_id)
    assert [(one["attempt"], one["outcome"], one["agent"], one["output_chars"]) for one in kept] == [
        (1, "timeout", "claude", 3),
        (2, "completed", "codex", 0),
    ]


def test_an_attempt_never_took_less_than_no_time(db: Database) -> None:
    ways.add(db)
    assert ways.finish(db, ways.claim(db), T0 - 3600)["run_seconds"] == 0
