from __future__ import annotations

import pytest

from nightrun.conditions import ALL
from nightrun.conditions.settings import ConditionSettings
from tests.conditions.facts import T0

NAMES = (
    "low_success_rate repeated_failures no_task_running orphan_running agent_silent output_empty executor_fail"
    " commit_failed push_failed needs_decision gate_red no_progress disk_low disk_fault api_unreachable"
    " api_stale policy_invalid hooks_tampered heal_futile monitor_stale"
)


def test_every_condition_of_the_design_is_there_once() -> None:
    assert sorted(one.NAME for one in ALL) == sorted(NAMES.split())


@pytest.mark.parametrize("condition", ALL, ids=lambda one: one.NAME)
def test_every_condition_has_the_same_shape(condition: object) -> None:
    settings = condition.Settings()  # type: ignore[attr-defined]
    assert isinstance(settings, ConditionSettings)
    assert condition.__name__.rpartition(".")[2] == condition.NAME  # type: ignore[attr-defined]
    assert condition.__doc__ and condition.__doc__.endswith((".", ")"))
    assert settings.direction == condition.DIRECTION  # type: ignore[attr-defined]
    assert settings.heal is bool(condition.DIRECTION)  # type: ignore[attr-defined]
    assert all(field.description for field in type(settings).model_fields.values())


@pytest.mark.parametrize("condition", ALL, ids=lambda one: one.NAME)
def test_an_empty_snapshot_is_unknown_and_never_an_alarm(condition: object) -> None:
    settings = condition.Settings()  # type: ignore[attr-defined]
    assert [one.state for one in condition.detect({}, settings, T0)] == ["unknown"]  # type: ignore[attr-defined]
