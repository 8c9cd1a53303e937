from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import heal
from nightrun.decisions.heal import Caps
from nightrun.words.issue import Finding

T0 = 1_800_000_000.0
HOUR = 3_600.0
DAY = 86_400.0


def finding(condition: str = "low_success_rate", fingerprint: str = "", **more: Any) -> Finding:
    values = {"state": "firing", "direction": "Do it.", "message": "bad", **more}
    return Finding(condition=condition, fingerprint=fingerprint, **values)


def issues(*findings: Finding, heal_task_id: str | None = None) -> dict[Any, Any]:
    return {
        (one.condition, one.fingerprint): {"id": f"i-{one.condition}{one.fingerprint}", "heal_task_id": heal_task_id}
        for one in findings
    }


def remedy(created_at: float, status: str = "completed", **more: Any) -> dict[str, Any]:
    context = {"condition": "low_success_rate", "fingerprint": ""}
    return {"id": "h1", "status": status, "created_at": created_at, "context": context, **more}


def choose(findings: list[Finding], remedies: list[Any] | None = None, **more: Any) -> list[heal.HealRequest]:
    given = {"task_types": {}, "caps": Caps(), "auto_fix": True, "now": T0, **more}
    return heal.choose(findings, given.pop("issues", issues(*findings)), remedies or [], **given)


def test_a_firing_issue_with_a_direction_asks_for_a_heal() -> None:
    (asked,) = choose([finding(evidence={"tasks": ["t1"]})])
    assert (asked.task_type, asked.direction) == ("heal", "Do it.")
    assert asked.context == {
        "condition": "low_success_rate",
        "fingerprint": "",
        "issue": "i-low_success_rate",
        "message": "bad",
        "evidence": {"tasks": ["t1"]},
    }


def test_without_auto_fix_nothing_is_asked_for() -> None:
    assert choose([finding()], auto_fix=False) == []


@pytest.mark.parametrize(
    "other",
    [finding(state="pending"), finding(state="unknown"), finding(direction=None), finding(direction="")],
)
def test_only_a_firing_one_that_has_a_remedy_asks(other: Finding) -> None:
    assert choose([other]) == []


def test_one_that_became_no_issue_asks_for_nothing() -> None:
    assert choose([finding()], issues={}) == []


@pytest.mark.parametrize("condition", heal.SUPERVISED)
def test_faults_of_runner_and_api_never_ask_whatever_the_policy_says(condition: str) -> None:
    assert choose([finding(condition)]) == []


def test_the_policy_may_name_another_type() -> None:
    (asked,) = choose([finding("gate_red")], task_types={"gate_red": "impl"})
    assert asked.task_type == "impl"


@pytest.mark.parametrize("status", ["pending", "running", "needs_decision"])
def test_one_open_heal_per_condition_and_fingerprint(status: str) -> None:
    assert choose([finding()], [remedy(T0 - 9 * DAY, status)]) == []
    other = choose([finding(fingerprint="other")], [remedy(T0 - 9 * DAY, status)])
    assert len(other) == 1


def test_two_open_in_all_the_most_severe_first() -> None:
    pairs = (("a", "low"), ("b", "medium"), ("c", "high"))
    found = [finding(fingerprint=name, severity=severity) for name, severity in pairs]
    assert [one.fingerprint for one in choose(found)] == ["c", "b"]
    elsewhere = {**remedy(T0 - DAY, "running"), "context": {"condition": "gate_red"}}
    assert [one.fingerprint for one in choose(found, [elsewhere])] == ["c"]


def test_six_a_day_in_all() -> None:
    others = [{**remedy(T0 - DAY + 1 + n), "context": {"condition": "gate_red"}} for n in range(6)]
    assert choose([finding()], others) == []
    assert choose([finding()], others[1:])
    assert choose([finding()], others, now=T0 + 1)


@pytest.mark.parametrize(("earlier", "wait"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 24), (40, 24)])
def test_the_wait_grows_from_an_hour_to_a_day(earlier: int, wait: float) -> None:
    heals = [remedy(T0 - n * DAY * 2, finished_at=T0 - n * DAY * 2) for n in range(earlier)]
    assert choose([finding()], heals, now=T0 + wait * HOUR - 1) == []
    assert choose([finding()], heals, now=T0 + max(wait * HOUR, DAY))


def test_a_failed_heal_asks_for_no_other_before_its_time() -> None:
    assert choose([finding()], [remedy(T0 - 2 * HOUR, "failed", finished_at=T0 - HOUR + 1)]) == []
    assert choose([finding()], [remedy(T0 - 2 * HOUR, "failed", finished_at=T0 - HOUR)])


def test_what_was_not_seen_again_since_the_last_heal_asks_for_none() -> None:
    heals = [remedy(T0 - 10 * HOUR)]
    assert choose([finding(evidence={"last_at": T0 - 10 * HOUR})], heals) == []
    assert choose([finding(evidence={"last_at": T0 - 9 * HOUR})], heals)
    assert choose([finding(evidence={"last_at": T0 - 10 * HOUR})], [])


def test_the_same_request_has_the_same_key_until_a_heal_was_linked() -> None:
    keys = [choose([finding()])[0].dedup_key for _ in range(2)]
    assert keys == ["heal:i-low_success_rate:first"] * 2
    after = choose([finding()], issues=issues(finding(), heal_task_id="h1"))
    assert after[0].dedup_key == "heal:i-low_success_rate:h1"


def test_a_heal_never_causes_a_heal() -> None:
    heals = [remedy(T0 - 2 * DAY, "failed", finished_at=T0 - 2 * DAY)]
    about = finding("executor_fail", evidence={"tasks": ["h1"]})
    assert choose([about], heals) == []
    assert choose([finding("executor_fail", evidence={"tasks": ["h1", "t1"]})], heals)


def other(number: int, **more: Any) -> dict[str, Any]:
    """A heal of something else that failed, one every two days."""
    end = T0 - number * 2 * DAY
    return {**remedy(end, "failed", finished_at=end), "context": {"condition": f"c{number}"}, **more}


def test_after_three_that_failed_in_a_row_none_for_six_hours_then_a_single_trial() -> None:
    failed = [other(1), other(2), other(3)]
    last = T0 - 2 * DAY
    asked = [finding(), finding("executor_fail")]
    assert choose(asked, failed, now=last + 6 * HOUR - 1) == []
    assert len(choose(asked, failed, now=last + 6 * HOUR)) == 1
    assert choose(asked, [*failed, remedy(last + 6 * HOUR, "running")], now=last + 7 * HOUR) == []
    again = {**remedy(last + 6 * HOUR, "failed", finished_at=last + 7 * HOUR), "context": {"condition": "x"}}
    assert choose(asked, [*failed, again], now=last + 19 * HOUR - 1) == []
    assert len(choose(asked, [*failed, again], now=last + 19 * HOUR)) == 1


@pytest.mark.parametrize(("row", "hours"), [(3, 6), (4, 12), (5, 24), (99, 24)])
def test_each_trial_that_fails_doubles_the_wait(row: int, hours: float) -> None:
    assert heal.breaker_wait(row) == hours * HOUR


@pytest.mark.parametrize(
    ("newest", "row"),
    [
        ({"status": "completed"}, 0),
        ({"status": "completed", "effect": "recovered"}, 0),
        ({"status": "completed", "effect": "not recovered"}, 4),
        ({"status": "completed", "effect": "unknown"}, 3),
        ({"status": "completed", "effect": heal.EARLY}, 3),
        ({"status": "failed"}, 4),
        ({"status": "failed", "error_class": "limit"}, 3),
        ({"status": "running", "finished_at": None}, 3),
    ],
)
def test_what_counts_as_a_heal_that_failed(newest: dict[str, Any], row: int) -> None:
    before = [other(n, finished_at=T0 - n * DAY) for n in (3, 4, 5)]
    assert heal.failed_in_a_row([*before, other(1, **newest)], T0)[0] == row
    assert heal.failed_in_a_row(before, T0 + 3 * DAY)[0] == 1


def test_a_remedy_that_did_not_help_three_times_is_retired() -> None:
    heals = [remedy(T0 - n * 3 * DAY, finished_at=T0 - n * 3 * DAY, effect="not recovered") for n in (3, 2, 1)]
    done = other(0, status="completed")  # so that the breaker stays closed
    assert choose([finding()], [*heals, done], now=T0 + DAY) == []
    assert choose([finding()], [*heals[:2], done], now=T0 + DAY)
    assert choose([finding("gate_red")], [*heals, done], now=T0 + DAY)


def test_what_a_heal_helped_once_begins_anew() -> None:
    bad = [remedy(T0 - n * DAY, finished_at=T0 - n * DAY) for n in (20, 18, 16)]
    helped = remedy(T0 - 10 * DAY, finished_at=T0 - 10 * DAY, effect="recovered")
    last = remedy(T0, finished_at=T0)
    assert choose([finding()], [*bad, helped, last], now=T0 + HOUR)
    assert choose([finding()], [*bad, {**helped, "effect": "unknown"}, last], now=T0 + HOUR) == []


@pytest.mark.parametrize(
    ("started", "heals", "ready", "free"),
    [
        (0, 0, 5, True),
        (3, 1, 5, False),
        (8, 1, 5, False),
        (9, 1, 5, True),
        (50, 9, 5, True),
        (50, 10, 5, False),
        (50, 10, 0, True),
    ],
)
def test_heals_are_at_most_a_fifth_of_what_is_started_while_others_are_ready(
    started: int, heals: int, ready: int, free: bool
) -> None:
    slots = heal.Slots(started=started, heals=heals, others_ready=ready)
    assert bool(choose([finding()], slots=slots)) is free


def test_a_share_of_nothing_lets_heals_wait_for_an_empty_queue() -> None:
    caps = Caps(share=0.0)
    assert choose([finding()], caps=caps, slots=heal.Slots(others_ready=1)) == []
    assert choose([finding()], caps=caps, slots=heal.Slots(others_ready=0))


def test_slots_are_counted_from_attempts_and_what_runs() -> None:
    snapshot = {
        "attempts": [{"task_id": "t1", "task_type": "impl"}, {"task_id": "h1", "task_type": "impl"}],
        "running": [{"id": "h2", "task_type": "heal"}],
        "ready_count": 3,
        "runners": [{"backlog_open": 2}, {"backlog_open": None}],
    }
    remedies = [remedy(T0), {**remedy(T0, "pending"), "id": "h3"}]
    assert heal.slots(snapshot, remedies) == heal.Slots(started=3, heals=3, others_ready=4)
    assert heal.slots({}, []) == heal.Slots()


def test_a_storm_of_48_hours_is_a_few_heals() -> None:
    """Every minute a new failure of the same kind, every heal fails after ten minutes (reliability.md 2.2)."""
    heals: list[dict[str, Any]] = []
    for minute in range(48 * 60):
        now = T0 + minute * 60
        for one in heals:
            if one["status"] == "running" and now - one["created_at"] >= 600:
                one.update(status="failed", finished_at=now)
        if choose([finding(evidence={"last_at": now})], heals, now=now):
            heals.append(remedy(now, "running"))
    assert 3 <= len(heals) <= 6


def test_while_too_much_is_bad_at_once_there_is_none_and_then_a_single_trial() -> None:
    many = finding("heal_futile", "many-at-once", direction=None)
    two = [finding(), finding("repeated_failures", "a")]

    def at(now: float, remedies: list[Any] | None = None, **more: Any) -> int:
        opened = issues(*two, many)
        opened["heal_futile", "many-at-once"] |= {"evidence": {"until": T0 + HOUR}, **more}
        return len(choose(two, remedies, issues=opened, now=now))

    assert at(T0) == 0
    assert at(T0 + HOUR) == 1
    tried = {"context": {"condition": "output_empty", "fingerprint": ""}}
    assert at(T0 + 2 * HOUR, [remedy(T0 + HOUR, **tried)]) == 0
    assert at(T0, quiet_since=T0 - 60) == 2


def test_heals_get_a_share_of_the_cost_of_a_day() -> None:
    def priced(one: str, cost: object, task_type: str = "impl", ago: float = 60) -> dict[str, Any]:
        context = {"usage": {"cost_usd": cost}}
        return {"id": one, "task_type": task_type, "finished_at": T0 - ago, "context": context}

    dear = [priced("h9", 3.0, "heal"), priced("t1", 7.0), priced("t2", "much"), priced("t0", 90.0, ago=2 * DAY)]
    shot = {"now": T0, "finished": dear, "ready_count": 5}
    assert (heal.slots(shot, []).heal_cost, heal.slots(shot, []).cost) == (3.0, 10.0)
    assert choose([finding()], slots=heal.slots(shot, [])) == []
    assert len(choose([finding()], slots=heal.slots({**shot, "ready_count": 0}, []))) == 1
    cheap = {**shot, "finished": [priced("h9", 2.0, "heal"), priced("t1", 8.0)]}
    assert len(choose([finding()], slots=heal.slots(cheap, []))) == 1
