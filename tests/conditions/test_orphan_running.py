from __future__ import annotations

from typing import Any

from nightrun.conditions.orphan_running import Settings, detect
from tests.conditions.facts import HOUR, T0


def look(**task: Any) -> list[Any]:
    return detect({"running": [{"id": "t1", "started_at": T0 - 60, **task}]}, Settings(), T0)


def test_a_lease_that_ran_out_a_minute_ago_is_an_orphan() -> None:
    (finding,) = look(lease_expires_at=T0 - 60)
    assert (finding.state, finding.direction) == ("firing", None)
    assert finding.message == "nobody works on 1 running task: t1"


def test_a_lease_that_ran_out_just_now_is_not() -> None:
    assert look(lease_expires_at=T0 - 59) == []
    assert look(lease_expires_at=T0 + 60, started_at=T0 - 9 * HOUR) == []


def test_a_claim_by_hand_is_old_after_two_hours() -> None:
    assert look(lease_expires_at=None, started_at=T0 - 2 * HOUR)
    assert look(lease_expires_at=None, started_at=T0 - 2 * HOUR + 1) == []


def test_it_must_be_seen_twice() -> None:
    assert Settings().hold == 60


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
