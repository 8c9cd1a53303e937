from __future__ import annotations

import pytest

from nightrun.conditions.monitor_stale import Settings, detect
from tests.conditions.facts import HOUR, T0


@pytest.mark.parametrize(("age", "fires"), [(299, False), (300, True)])
def test_five_minutes_without_a_look_fire(age: float, fires: bool) -> None:
    found = detect({"started_at": T0 - HOUR, "last_evaluation": T0 - age}, Settings(), T0)
    assert bool(found) is fires


def test_a_night_without_nightrun_is_no_alarm() -> None:
    assert detect({"started_at": T0 - 10, "last_evaluation": T0 - 9 * HOUR}, Settings(), T0) == []


def test_a_monitor_that_never_looked_is_found_too() -> None:
    (finding,) = detect({"started_at": T0 - 300, "last_evaluation": None}, Settings(), T0)
    assert finding.message == "the monitor has not looked for 5 min"


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
