from __future__ import annotations

import pytest

from nightrun.decisions import effectiveness


@pytest.mark.parametrize(
    ("rate", "per_day", "issues", "expected"),
    [
        (1.0, 10.0, 0, 1.0),
        (1.0, 100.0, 0, 1.0),
        (1.0, 0.0, 0, 0.5),
        (0.8, 5.0, 0, 0.6),
        (1.0, 10.0, 2, 0.7),
        (1.0, 10.0, 7, 0.0),
        (0.0, 10.0, 0, 0.0),
    ],
)
def test_goal_proximity(rate: float, per_day: float, issues: int, expected: float) -> None:
    assert effectiveness.goal_proximity(rate, per_day, issues) == expected


def test_flags_are_raised_by_their_conditions() -> None:
    shown = effectiveness.flags({"orphan_running", "disk_low"})
    assert shown["stuck"]
    assert [name for name, raised in shown.items() if raised] == ["stuck"]
