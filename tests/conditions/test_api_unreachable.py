from __future__ import annotations

import pytest

from nightrun.conditions.api_unreachable import Settings, detect
from tests.conditions.facts import T0


@pytest.mark.parametrize(("failures", "states"), [(0, []), (1, ["pending"]), (2, ["pending"]), (3, ["firing"])])
def test_three_looks_without_an_answer_fire(failures: int, states: list[str]) -> None:
    found = detect({"api": {"failures": failures, "detail": "refused"}}, Settings(), T0)
    assert [one.state for one in found] == states
    assert all(one.direction is None for one in found)


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
