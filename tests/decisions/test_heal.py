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
    assert len(heals) == 6
