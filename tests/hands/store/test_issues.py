from __future__ import annotations

from typing import Any

import pytest

from nightrun.hands.store import issues
from nightrun.hands.store.database import Database
from nightrun.hands.store.refusals import NotFound
from nightrun.words.issue import Issue
from tests.hands.store import ways
from tests.hands.store.ways import T0

DAY = 86_400


def finding(condition: str = "gate_red", state: str = "firing", fingerprint: str = "", **more: Any) -> dict[str, Any]:
    return {"condition": condition, "state": state, "fingerprint": fingerprint, "message": "red", **more}


def test_a_firing_condition_opens_one_issue_and_keeps_it(db: Database) -> None:
    answer = issues.look(db, [finding(severity="high", evidence={"n": 1}, suggested_action="look")], now=T0)
    (opened,) = answer["opened"]
    answer = issues.look(db, [finding(severity="high", evidence={"n": 2})], now=T0 + 60)
    assert answer["opened"] == []
    (issue,) = answer["open"]
    assert (issue["id"], issue["count"], issue["first_seen"], issue["last_seen"]) == (opened["id"], 2, T0, T0 + 60)
    assert (issue["evidence"], issue["priority"], issue["created_at"]) == ({"n": 2}, 1, T0)


def test_an_issue_has_the_fields_of_the_word(db: Database) -> None:
    (issue,) = issues.look(db, [finding()], now=T0)["open"]
    names = Issue.__dataclass_fields__
    assert Issue(**{name: issue[name] for name in names}).status == "open"


def test_fingerprints_are_issues_of_their_own(db: Database) -> None:
    look = [finding(fingerprint="a"), finding(fingerprint="b"), finding("disk_low")]
    assert len(issues.look(db, look, now=T0)["open"]) == 3


def test_the_most_severe_come_first(db: Database) -> None:
    issues.look(db, [finding("a", severity="low"), finding("b", severity="high"), finding("c")], now=T0)
    assert [one["condition"] for one in issues.still_open(db)] == ["b", "c", "a"]


@pytest.mark.parametrize("second", [[], [finding(state="ok")]])
def test_what_does_not_fire_any_more_is_resolved(db: Database, second: list[dict[str, Any]]) -> None:
    issues.look(db, [finding()], now=T0)
    answer = issues.look(db, second, now=T0 + 60)
    assert [one["resolved_at"] for one in answer["resolved"]] == [T0 + 60]
    assert answer["open"] == []


@pytest.mark.parametrize("state", ["unknown", "pending"])
def test_unknown_and_pending_do_not_resolve(db: Database, state: str) -> None:
    issues.look(db, [finding()], now=T0)
    answer = issues.look(db, [finding(state=state)], now=T0 + 60)
    assert answer["resolved"] == []
    assert [one["last_seen"] for one in answer["open"]] == [T0]


def test_unknown_holds_all_fingerprints_of_its_condition(db: Database) -> None:
    issues.look(db, [finding(fingerprint="a")], now=T0)
    assert issues.look(db, [finding(state="unknown")], now=T0 + 60)["resolved"] == []


def test_an_issue_that_comes_back_within_seven_days_is_the_same_one(db: Database) -> None:
    (first,) = issues.look(db, [finding()], now=T0)["opened"]
    issues.look(db, [], now=T0 + 60)
    (again,) = issues.look(db, [finding()], now=T0 + 60 + 6 * DAY)["opened"]
    assert (again["id"], again["reopened"], again["count"], again["resolved_at"]) == (first["id"], 1, 2, None)


def test_after_seven_days_it_is_a_new_one(db: Database) -> None:
    (first,) = issues.look(db, [finding()], now=T0)["opened"]
    issues.look(db, [], now=T0 + 60)
    (again,) = issues.look(db, [finding()], now=T0 + 61 + 7 * DAY)["opened"]
    assert again["id"] != first["id"]
    assert again["first_seen"] == T0 + 61 + 7 * DAY


def test_the_state_of_each_condition_is_kept_with_its_begin(db: Database) -> None:
    issues.look(db, [finding(state="pending"), finding("disk_low", "ok")], now=T0)
    issues.look(db, [finding(state="pending")], now=T0 + 60)
    issues.look(db, [finding(state="firing")], now=T0 + 120)
    assert issues.states(db) == [
        {"condition": "gate_red", "fingerprint": "", "state": "firing", "since": T0 + 120, "seen_at": T0 + 120}
    ]


def test_a_heal_is_linked_and_counted_when_it_completed_before_the_end(db: Database) -> None:
    (issue,) = issues.look(db, [finding()], now=T0)["opened"]
    heal = ways.run(db, T0 + 30, 10, task_type="heal")
    assert issues.link_heal(db, issue["id"], heal["id"])["heal_task_id"] == heal["id"]
    issues.look(db, [finding()], now=T0 + 40)
    assert issues.healed(db) == 0
    issues.look(db, [], now=T0 + 60)
    assert issues.healed(db) == 1
    assert issues.count_resolved_since(db, T0) == 1


def test_a_heal_that_failed_is_no_cure(db: Database) -> None:
    heal = ways.run(db, T0 + 30, 10, "failed", task_type="heal", error_class="gate")
    issues.look(db, [finding(heal_task_id=heal["id"])], now=T0)
    issues.look(db, [], now=T0 + 60)
    assert issues.healed(db) == 0


def test_linking_an_issue_that_is_not_there_is_said(db: Database) -> None:
    with pytest.raises(NotFound, match="Issue not found"):
        issues.link_heal(db, "nope", None)


def test_history_is_newest_first(db: Database) -> None:
    issues.look(db, [finding()], now=T0)
    issues.look(db, [finding("disk_low")], now=T0 + 1)
    assert [one["condition"] for one in issues.history(db)] == ["disk_low", "gate_red"]


def test_an_issue_that_is_not_seen_any_more_is_open_and_quiet_and_comes_last(db: Database) -> None:
    issues.look(db, [finding("a", severity="high"), finding("b", severity="low")], now=T0)
    issues.look(db, [finding("a", "pending"), finding("b", severity="low")], now=T0 + 60)
    answer = issues.look(db, [finding("a", "pending"), finding("b", severity="low")], now=T0 + 120)
    assert [(one["condition"], one["quiet_since"]) for one in answer["open"]] == [("b", None), ("a", T0 + 60)]
    assert issues.is_quiet(db, "a", "") and not issues.is_quiet(db, "b", "")
    (back, _) = issues.look(db, [finding("a"), finding("b")], now=T0 + 180)["open"]
    assert (back["condition"], back["quiet_since"], back["count"], back["reopened"]) == ("a", None, 2, 0)


def test_every_state_is_kept_with_its_time(db: Database) -> None:
    states = ("ok", "pending", "firing", "unknown")
    issues.look(db, [finding(one, one) for one in states], now=T0)
    issues.look(db, [finding(one, one) for one in states], now=T0 + 60)
    assert [(one["state"], one["since"], one["seen_at"]) for one in issues.states(db)] == [
        (one, T0, T0 + 60) for one in sorted(states)
    ]


def test_one_kind_that_is_not_judged_holds_no_other_open(db: Database) -> None:
    issues.look(db, [finding(fingerprint="a"), finding(fingerprint="b")], now=T0)
    answer = issues.look(db, [finding(fingerprint="a", state="unknown")], now=T0 + 60)
    assert [one["fingerprint"] for one in answer["open"]] == ["a"]


def test_when_the_monitor_looked_is_kept_for_an_hour(db: Database) -> None:
    for second in range(0, 30, 5):
        issues.look(db, [], now=T0 + second)
    assert issues.looks(db) == [T0, T0 + 10, T0 + 20]
    issues.look(db, [], now=T0 + 3_615)
    assert issues.looks(db) == [T0 + 20, T0 + 3_615]
