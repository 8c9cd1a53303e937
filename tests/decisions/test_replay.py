from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import history, replay
from nightrun.policy.model import Policy
from nightrun.words.errors import WrongUse
from tests.conditions import facts
from tests.conditions.facts import T0


def events(looks: list[dict[str, Any]], **monitor: Any) -> list[tuple[int, str, str]]:
    """In hours since 1970."""
    policy = Policy.model_validate({"monitor": monitor})
    found, number = replay.run(looks, policy.monitor.condition)
    assert number == len(looks)
    return [(round(one.at / 3600), one.what, one.condition) for one in found]


def series(results: str) -> list[dict[str, Any]]:
    return history.snapshots({"start": 0, "every": "1h", "results": results})


def test_a_healthy_history_has_no_events() -> None:
    assert events(series("CCCCCF" * 20)) == []


def test_a_bad_hour_fires_and_is_over() -> None:
    assert events(series("C*30 F*5 C*50")) == [
        (35, "fired", "low_success_rate"),
        (35, "fired", "repeated_failures"),
        (67, "resolved", "repeated_failures"),
        (75, "resolved", "low_success_rate"),
    ]


def test_what_comes_back_within_a_week_is_the_same_issue() -> None:
    quick = {"low_success_rate": {"on": False}, "repeated_failures": {"over_after": 0}}
    assert events(series("SSS CCC SSS CCC"), **quick) == [
        (3, "fired", "repeated_failures"),
        (6, "resolved", "repeated_failures"),
        (7, "fired again", "repeated_failures"),
        (12, "resolved", "repeated_failures"),
    ]


def test_what_comes_back_within_a_day_was_never_over() -> None:
    off = {"low_success_rate": {"on": False}}
    assert events(series("SSS CCC SSS C*30"), **off) == [
        (3, "fired", "repeated_failures"),
        (36, "resolved", "repeated_failures"),
    ]


def test_the_settings_of_the_policy_count() -> None:
    tight = {"repeated_failures": {"in_a_row": 0}, "low_success_rate": {"in_a_row": 8}}
    assert events(series("C*30 F*7 C*30"), **tight) == []


def test_a_condition_with_a_hold_needs_its_time() -> None:
    lease = {"id": "t1", "lease_expires_at": T0}
    looks = [{"now": T0 + n, "running": [lease]} for n in (60, 90, 120, 150)] + [
        {"now": T0 + 180, "running": []},
        {"now": T0 + 260, "running": []},
    ]
    found, _ = replay.run(looks, Policy().monitor.condition)
    seen = [(one.at - T0, one.what) for one in found if one.condition == "orphan_running"]
    assert seen == [(120, "fired"), (260, "resolved")]


def test_what_is_not_known_is_never_an_alarm_and_closes_nothing() -> None:
    red = {"state": "idle", "target_gate": {"result": "failed", "at": T0}}
    looks = [{"now": T0, "runners": [red]}, {"now": T0 + 60}, {"now": T0 + 120, "runners": [red]}]
    found, _ = replay.run(looks, Policy().monitor.condition)
    assert [(one.what, one.condition, one.heal) for one in found] == [("fired", "gate_red", True)]


def test_recorded_storms_are_muted_and_gathered_as_in_the_monitor() -> None:
    full = {"disk_free_bytes": 1, "disk_total_bytes": 100 << 30}
    bad = {"window": facts.window(0, 9), "finished": facts.tasks("F" * 9)}
    found, _ = replay.run([{"now": T0, **full, **bad}], Policy().monitor.condition)
    assert [one.condition for one in found] == ["disk_low"]


def test_a_snapshot_of_another_form_is_refused_in_words() -> None:
    with pytest.raises(WrongUse, match="needs_decision cannot read the snapshot"):
        replay.run([{"now": 0, "needs_decision": [3]}], Policy().monitor.condition)
