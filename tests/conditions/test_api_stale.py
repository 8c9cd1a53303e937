from __future__ import annotations

from typing import Any

import pytest

from nightrun.conditions.api_stale import Settings, detect
from tests.conditions.facts import T0


def look(missing: int, restarted: bool = False) -> list[Any]:
    api = {"route_missing": missing, "build_id": "old", "installed_build_id": "new", "restarted": restarted}
    return detect({"api": api}, Settings(), T0)


def test_a_route_that_answers_is_fine() -> None:
    assert look(0) == []


@pytest.mark.parametrize(
    ("missing", "restarted", "state", "ask"),
    [
        (1, False, "pending", False),
        (2, False, "pending", True),
        (1, True, "pending", False),
        (2, True, "firing", False),
    ],
)
def test_a_restart_is_asked_for_once_and_only_then_it_is_an_issue(
    missing: int, restarted: bool, state: str, ask: bool
) -> None:
    (finding,) = look(missing, restarted)
    assert (finding.state, finding.evidence["ask_restart"], finding.direction) == (state, ask, None)


def test_both_builds_are_named() -> None:
    assert look(2)[0].message == "GET /api/agent/metrics is 404 (build old runs, new is installed)"


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
