from __future__ import annotations

import pytest
from pydantic import ValidationError

from nightrun import conditions
from nightrun.policy.model import Policy


def test_the_default_policy_commits_everything_but_heals() -> None:
    assert Policy().committing_types == ("spec", "impl", "test", "review")


def test_a_policy_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Policy().limits.attempts = 9  # type: ignore[misc]


def test_times_are_seconds_and_sizes_are_bytes() -> None:
    policy = Policy.model_validate({"limits": {"backoff": ["1m", 5], "disk_floor": "2GiB"}})
    assert policy.limits.backoff == (60.0, 5.0)
    assert policy.limits.disk_floor == 2 << 30


def test_one_agent_and_a_list_of_agents_are_both_an_order_of_preference() -> None:
    policy = Policy.model_validate({"task_types": {"impl": {"agent": ["codex", "claude"]}}})
    assert policy.task_types["impl"].agents == ("codex", "claude")
    assert policy.task_types["spec"].agents == ("auto",)


def test_a_type_that_does_not_exist_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        Policy().task_types["model_fields"]


def test_every_condition_has_its_settings_in_the_monitor_section() -> None:
    monitor = Policy().monitor
    for module in conditions.ALL:
        assert monitor.condition(module.NAME) == module.Settings()
    with pytest.raises(KeyError):
        monitor.condition("interval")


def test_the_settings_of_a_condition_keep_their_types() -> None:
    for module in conditions.ALL:
        for wrong in ({"severity": "loud"}, {"heal": "yes"}, {"direction": 5}, {"hold": "x"}, {"on": 1}):
            with pytest.raises(ValidationError):
                Policy.model_validate({"monitor": {module.NAME: wrong}})
