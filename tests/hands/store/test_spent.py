"""What attempts used: of all of them, and unknown where nobody told it."""

from __future__ import annotations

from nightrun.hands.store import moves, pauses, spent
from nightrun.hands.store.database import Database
from tests.hands.store import ways
from tests.hands.store.ways import T0


def test_of_a_task_all_attempts_count_and_not_only_the_last(db: Database) -> None:
    task_id = ways.add(db)
    for number, cost in enumerate((0.5, None, 0.25)):
        begin = T0 + 100 * number
        task = ways.claim(db, begin)
        told = {} if cost is None else {"cost_usd": cost, "output_tokens": 10}
        ways.finish(db, task, begin + 60, "pending", error_class="gate", usage=told)
    found = spent.of_task(db, task_id, now=T0 + 500)
    assert (found["attempts"], found["seconds"]) == (3, 180.0)
    assert found["cost_usd"] == {"sum": 0.75, "told": 2, "attempts": 3}
    assert found["output_tokens"] == {"sum": 20, "told": 2, "attempts": 3}
    assert found["input_tokens"] == {"sum": None, "told": 0, "attempts": 3}


def test_a_runner_that_went_away_told_nothing_and_its_attempt_counts(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    ways.finish(db, task, T0 + 10, "pending", error_class="interrupted")
    ways.claim(db, T0 + 20)
    found = spent.since(db, T0, now=T0 + 50)
    assert (found["attempts"], found["seconds"]) == (2, 40.0)
    assert found["cost_usd"] == {"sum": None, "told": 0, "attempts": 2}


def test_what_was_put_back_before_it_began_used_nothing(db: Database) -> None:
    ways.add(db)
    ways.finish(db, ways.claim(db), T0 + 1, "pending", outcome="waiting", costs_attempt=False)
    assert spent.since(db, T0, now=T0 + 9)["attempts"] == 0


def test_an_answer_of_a_person_gives_a_task_its_budget_anew(db: Database) -> None:
    task_id = ways.add(db)
    ways.finish(db, ways.claim(db), T0 + 10, "needs_decision", usage={"cost_usd": 3})
    assert spent.of_task(db, task_id, now=T0 + 20)["cost_usd"]["sum"] == 3
    moves.patch(db, task_id, {"decision": "go on"}, now=T0 + 30)
    assert spent.of_task(db, task_id, now=T0 + 40)["attempts"] == 0


def test_a_night_is_what_was_started_in_it_and_before_the_own_attempt(db: Database) -> None:
    ways.run(db, T0 - 50, 20, model="m")
    ways.add(db, T0)
    ways.add(db, T0)
    first, second = ways.claim(db, T0 + 1, runner="r1"), ways.claim(db, T0 + 2, runner="r2")
    assert spent.since(db, T0, now=T0 + 5)["attempts"] == 2
    assert spent.since(db, T0, now=T0 + 5, before=second["started_at"])["attempts"] == 1
    assert spent.since(db, T0, now=T0 + 5, before=first["started_at"])["attempts"] == 0


def test_rounds_of_a_night_are_the_verdicts_that_sent_work_back(db: Database) -> None:
    for verdict in ("FAIL", "PASS", "FAIL"):
        ways.add(db)
        ways.finish(db, ways.claim(db), T0 + 10, context={"verdict": verdict})
    assert spent.since(db, T0, now=T0 + 20)["rounds"] == 2
    assert spent.since(db, T0 + 15, now=T0 + 20)["rounds"] == 0


def test_a_person_who_resumes_gives_the_night_its_budget_once_more_and_nobody_else(db: Database) -> None:
    ways.run(db, T0 + 10, 5)
    pauses.put(db, scope="intake", by="budget", reason="used up", until=None, now=T0 + 20)
    assert pauses.end(db, scope="intake", by="nightrun", now=T0 + 30) == 0
    assert spent.of_night(db, T0, now=T0 + 40)["attempts"] == 1
    assert pauses.end(db, scope="intake", by="person", now=T0 + 50) == 1
    assert spent.of_night(db, T0, now=T0 + 60)["attempts"] == 0


def test_resuming_something_else_gives_no_new_budget(db: Database) -> None:
    ways.run(db, T0 + 10, 5)
    pauses.put(db, scope="intake", by="person", reason="lunch", until=None, now=T0 + 20)
    pauses.end(db, scope="intake", by="person", now=T0 + 30)
    assert spent.of_night(db, T0, now=T0 + 40)["attempts"] == 1
