from __future__ import annotations

import pytest

from nightrun.hands.store import attempts, claims, moves, pauses, runners, tasks
from nightrun.hands.store.database import Database
from nightrun.hands.store.refusals import NotAllowed
from tests.hands.store import ways
from tests.hands.store.ways import T0


def test_priority_goes_first_then_age(db: Database) -> None:
    low = ways.add(db, T0)
    old = ways.add(db, T0 + 1, priority=5)
    new = ways.add(db, T0 + 2, priority=5)
    assert [ways.claim(db, T0 + 3)["id"] for _ in range(3)] == [old, new, low]
    assert ways.claim(db, T0 + 3) is None


def test_a_claim_is_a_lease_with_a_token(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db, T0 + 1, pid=42, boot_id="b", start_time=7.5)
    assert (task["status"], task["attempt"], task["fencing_token"], task["runner"]) == ("running", 1, 1, "runner-1")
    assert task["lease_expires_at"] == T0 + 1 + 180
    assert task["started_at"] == T0 + 1


def test_a_heartbeat_renews_the_lease_and_keeps_progress(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    answer = claims.heartbeat(db, task["id"], 1, {"progress_pct": 40, "current_step": "tests"}, now=T0 + 15)
    assert answer == {"lease_expires_at": T0 + 195, "stop": False}
    found = tasks.get(db, task["id"])
    assert (found["progress_pct"], found["current_step"]) == (40, "tests")


def test_a_heartbeat_tells_that_a_person_wants_it_stopped(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    moves.patch(db, task["id"], {"stop": True}, now=T0)
    assert claims.heartbeat(db, task["id"], 1, {}, now=T0 + 15)["stop"] is True


def test_a_heartbeat_for_a_lost_claim_is_refused(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    with pytest.raises(NotAllowed, match="This claim is lost"):
        claims.heartbeat(db, task["id"], 2, {}, now=T0)


def test_a_claim_whose_answer_was_lost_gives_the_same_task(db: Database) -> None:
    ways.add(db)
    ways.add(db)
    first = ways.claim(db, claim_key="k1")
    assert ways.claim(db, T0 + 1, claim_key="k1")["id"] == first["id"]
    assert tasks.get(db, first["id"])["attempt"] == 1
    assert ways.claim(db, T0 + 1, claim_key="k2")["id"] != first["id"]


def test_an_expired_lease_goes_back_without_costing_an_attempt(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db)
    assert claims.reclaim(db, lambda row: False, now=T0 + 179) == []
    assert claims.reclaim(db, lambda row: False, now=T0 + 180) == [task["id"]]
    back = tasks.get(db, task["id"])
    assert (back["status"], back["failures"], back["reclaims"], back["lease_expires_at"]) == ("pending", 0, 1, None)
    with pytest.raises(NotAllowed, match="This claim is lost"):
        ways.finish(db, task, T0 + 181)
    assert attempts.of_task(db, task["id"])[0]["outcome"] == "interrupted"
    assert ways.claim(db, T0 + 181)["fencing_token"] == 3


def test_a_runner_known_to_be_gone_loses_its_task_at_once(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db, pid=42)
    assert claims.reclaim(db, lambda row: row["runner_pid"] == 42, now=T0 + 1) == [task["id"]]


def test_the_third_lost_runner_in_a_row_asks_a_person(db: Database) -> None:
    task_id = ways.add(db)
    for n in range(3):
        ways.claim(db, T0 + n)
        claims.reclaim(db, lambda row: True, now=T0 + n)
    stopped = tasks.get(db, task_id)
    assert stopped["status"] == "needs_decision"
    assert stopped["decision_prompt"].startswith("3 runners in a row went away while they worked on this task")
    moves.patch(db, task_id, {"decision": "try again"}, now=T0 + 9)
    ways.claim(db, T0 + 10)
    claims.reclaim(db, lambda row: True, now=T0 + 10)
    assert tasks.get(db, task_id)["status"] == "pending"


def test_an_attempt_that_ends_by_itself_forgives_lost_runners(db: Database) -> None:
    task_id = ways.add(db)
    for n in range(2):
        ways.claim(db, T0 + n)
        claims.reclaim(db, lambda row: True, now=T0 + n)
    ways.finish(db, ways.claim(db, T0 + 3), T0 + 4, "pending", error_class="gate")
    assert tasks.get(db, task_id)["reclaims"] == 0


def test_a_task_started_by_hand_never_expires(db: Database) -> None:
    moves.patch(db, ways.add(db), {"status": "running"}, now=T0)
    assert claims.reclaim(db, lambda row: True, now=T0 + 1e6) == []


def test_living_runners_keep_their_claims_after_an_outage(db: Database) -> None:
    ways.add(db)
    ways.add(db)
    kept, lost = ways.claim(db, pid=1), ways.claim(db, pid=2)
    claims.renew(db, lambda row: row["runner_pid"] == 1, now=T0 + 1000)
    assert claims.reclaim(db, lambda row: False, now=T0 + 1000) == [lost["id"]]
    assert tasks.get(db, kept["id"])["lease_expires_at"] == T0 + 1180


@pytest.mark.parametrize("jump", [7200.0, -7200.0, 60 - T0], ids=["later", "earlier", "1970"])
def test_a_jump_of_the_wall_clock_takes_the_leases_along(db: Database, jump: float) -> None:
    claims.follow_clock(db, wall=T0, steady=100, boot_id="b")
    ways.add(db)
    task = ways.claim(db)
    assert claims.follow_clock(db, wall=T0 + 30 + jump, steady=130, boot_id="b") == jump
    assert tasks.get(db, task["id"])["lease_expires_at"] == T0 + 180 + jump
    assert claims.follow_clock(db, wall=T0 + 60 + jump, steady=160, boot_id="b") == 0


def test_a_sleeping_machine_costs_no_lease(db: Database) -> None:
    claims.follow_clock(db, wall=T0, steady=100, boot_id="b")
    ways.add(db)
    task = ways.claim(db)
    eight_hours = 8 * 3600
    claims.follow_clock(db, wall=T0 + eight_hours + 10, steady=110, boot_id="b")
    assert claims.reclaim(db, lambda row: False, now=T0 + eight_hours + 10) == []
    assert tasks.get(db, task["id"])["status"] == "running"


def test_another_boot_is_not_a_jump(db: Database) -> None:
    claims.follow_clock(db, wall=T0, steady=5000, boot_id="b")
    assert claims.follow_clock(db, wall=T0 + 60, steady=10, boot_id="c") == 0


def test_tasks_for_other_agents_are_passed_by_with_a_reason(db: Database) -> None:
    other = ways.add(db, agent="codex")
    mine = ways.add(db, agent="auto")
    assert ways.claim(db)["id"] == mine
    assert tasks.get(db, other)["waiting_reason"] == "needs agent codex, which is not available here"
    task = ways.claim(db, agents=["script", "codex"])
    assert (task["id"], task["waiting_reason"]) == (other, None)


def test_tasks_of_other_types_are_passed_by_with_a_reason(db: Database) -> None:
    heal = ways.add(db, task_type="heal")
    impl = ways.add(db)
    assert ways.claim(db, types=["impl", "test"])["id"] == impl
    assert ways.claim(db, types=["impl", "test"]) is None
    assert tasks.get(db, heal)["waiting_reason"] == "no agent that does heal tasks is available here"
    assert ways.claim(db, types=["heal"])["id"] == heal


def test_no_agent_at_all_is_said(db: Database) -> None:
    task_id = ways.add(db)
    assert ways.claim(db, agents=[]) is None
    assert tasks.get(db, task_id)["waiting_reason"] == "no agent is available here"


def test_the_agent_of_the_last_attempt_does_not_bind_the_next(db: Database) -> None:
    task_id = ways.add(db)
    ways.finish(db, ways.claim(db), T0 + 1, "pending", agent="claude", error_class="limit")
    assert ways.claim(db, T0 + 2, agents=["codex"])["id"] == task_id


def test_paused_intake_gives_nothing_until_it_ends(db: Database) -> None:
    ways.add(db)
    pauses.put(db, scope="intake", by="person", reason="lunch", until=T0 + 60, now=T0)
    assert ways.claim(db, T0 + 59) is None
    assert pauses.next_end(db, now=T0 + 59) == T0 + 60
    assert ways.claim(db, T0 + 60) is not None


def test_a_paused_agent_is_not_used(db: Database) -> None:
    bound = ways.add(db, agent="claude")
    free = ways.add(db)
    pauses.put(db, scope="agent:claude", by="nightrun", reason="usage limit", until=None, now=T0)
    assert ways.claim(db, agents=["claude"]) is None
    assert tasks.get(db, bound)["waiting_reason"] == "agent claude is paused: usage limit"
    assert tasks.get(db, free)["waiting_reason"] == "every agent is paused"
    assert ways.claim(db, agents=["claude", "codex"])["id"] == free


def test_a_runner_whose_agents_are_all_paused_asks_for_no_type_and_gets_nothing(db: Database) -> None:
    task = ways.add(db)
    pauses.put(db, scope="agent:claude", by="nightrun", reason="usage limit", until=None, now=T0)
    assert ways.claim(db, types=[]) is None
    said = "no agent that does impl tasks is available here; agent claude is paused: usage limit"
    assert tasks.get(db, task)["waiting_reason"] == said


def test_what_was_put_off_for_an_agent_is_ready_when_its_pause_ends_before_its_time(db: Database) -> None:
    for reason in ("it has no sh block; agent codex is paused", "agent codex2 is paused"):
        ways.add(db)
        task = ways.claim(db)
        ways.finish(db, task, T0, "pending", costs_attempt=False, waiting_reason=reason, ready_at=T0 + 900)
    assert ways.claim(db, T0 + 1) is None
    assert claims.wake(db, "codex", now=T0 + 1) == 1
    assert ways.claim(db, T0 + 1) is not None and ways.claim(db, T0 + 1) is None


def test_a_runner_that_was_started_again_gets_back_at_once_what_its_last_process_held(db: Database) -> None:
    """It waited for the next sweep, up to 30 s."""
    one, other = {"runner": "runner-1", "boot_id": "b"}, {"runner": "runner-2", "boot_id": "b"}
    first, second = ways.add(db), ways.add(db)
    assert ways.claim(db, pid=1, **one)["id"] == first
    assert ways.claim(db, pid=2, **other)["id"] == second
    again = ways.claim(db, T0 + 1, pid=3, **one)
    assert (again["id"], again["attempt"], again["reclaims"], again["failures"]) == (first, 2, 1, 0)
    assert ways.claim(db, T0 + 1, pid=9, runner="runner-2", boot_id="of another machine") is None


def test_another_fault_does_not_make_a_pause_of_nightruns_own_shorter(db: Database) -> None:
    """The hours of a run are over; a network fault of the last attempt must not open intake after its minute."""
    pauses.put(db, scope="intake", by="nightrun", reason="the hours are over", until=None, now=T0)
    assert pauses.put(db, scope="intake", by="nightrun", reason="network", until=T0 + 60, now=T0)["until"] is None
    assert [one["reason"] for one in pauses.active(db, now=T0 + 61)] == ["the hours are over"]
    pauses.put(db, scope="agent:a", by="nightrun", reason="limit", until=T0 + 60, now=T0)
    pauses.put(db, scope="agent:a", by="nightrun", reason="limit again", until=T0 + 90, now=T0 + 61)
    assert pauses.active(db, now=T0 + 62)[0]["until"] == T0 + 90
    pauses.put(db, scope="intake", by="person", reason="until noon", until=T0 + 60, now=T0)
    pauses.put(db, scope="intake", by="person", reason="until one", until=T0 + 30, now=T0)
    assert [one["until"] for one in pauses.active(db, now=T0) if one["by"] == "person"] == [T0 + 30]


def test_nightrun_does_not_end_a_pause_of_a_person(db: Database) -> None:
    pauses.put(db, scope="intake", by="person", reason="mine", until=None, now=T0)
    pauses.put(db, scope="intake", by="nightrun", reason="disk", until=None, now=T0)
    assert pauses.end(db, scope="intake", by="nightrun", now=T0) == 1
    assert [one["reason"] for one in pauses.active(db, now=T0)] == ["mine"]
    pauses.put(db, scope="intake", by="nightrun", reason="disk", until=None, now=T0)
    assert pauses.end(db, scope="intake", by="person", now=T0) == 2
    assert pauses.active(db, now=T0) == []


def test_when_the_next_task_will_be_ready(db: Database) -> None:
    assert claims.next_ready_at(db, now=T0) is None
    ways.add(db, ready_at=T0 + 50)
    ways.add(db, ready_at=T0 + 20)
    assert claims.next_ready_at(db, now=T0) == T0 + 20


def test_a_runner_is_known_from_its_claims_and_reports(db: Database) -> None:
    ways.add(db)
    task = ways.claim(db, pid=42)
    said = runners.report(db, "runner-1", {"state": "running", "counter": 3, "note": "hi"}, now=T0 + 5)
    assert (said["pid"], said["task_id"], said["state"], said["counter"], said["at"], said["note"]) == (
        42,
        task["id"],
        "running",
        3,
        T0 + 5,
        "hi",
    )
    assert runners.last_claim_at(db) == T0


def test_what_a_runner_said_stays_until_it_says_otherwise(db: Database) -> None:
    runners.report(db, "r", {"push": {"state": "refused"}, "plan": {"total": 3}, "name": "x", "at": 1}, now=T0)
    said = runners.report(db, "r", {"push": None}, now=T0 + 5)
    assert (said["name"], said["at"], said["plan"]) == ("r", T0 + 5, {"total": 3})
    assert "push" not in said


def turns(db: Database, count: int, share: float = 0.2) -> str:
    """One runner takes so many tasks, one after the other: H is a heal."""
    said = ""
    for number in range(count):
        task = ways.claim(db, T0 + number, heal_share=share)
        said += "H" if task["direction"] == "mend" else "."
        ways.finish(db, task, T0 + number + 0.5)
    return said


def test_heals_that_wait_take_a_fifth_of_the_claims_while_other_work_is_ready(db: Database) -> None:
    for number in range(6):
        kind = {"task_type": "heal"} if number % 2 else {"task_type": "impl", "dedup_key": f"heal:i{number}:first"}
        ways.add(db, direction="mend", **kind)
    for _ in range(30):
        ways.add(db)
    said = turns(db, 20)
    assert said[0] == "H"
    assert 2 <= said.count("H") <= 4
    assert "HH" not in said
    assert turns(db, 16).count("H") == 6 - said.count("H")


def test_a_heal_waits_for_nothing_when_nothing_else_is_ready_or_it_is_more_urgent(db: Database) -> None:
    for priority in (0, 0, 100):
        ways.add(db, direction="mend", task_type="impl", dedup_key=f"heal:i{priority}:{T0}", priority=priority)
        ways.add(db, direction="mend", task_type="heal", priority=priority)
    assert turns(db, 2) == "HH"
    ways.add(db)
    assert turns(db, 3) == ".HH"
