from __future__ import annotations

from typing import Any

from nightrun.conditions.heal_futile import Settings, detect
from tests.conditions import facts
from tests.conditions.facts import DAY, T0


def heal(number: int, **more: Any) -> dict[str, Any]:
    context = {"condition": "repeated_failures", "fingerprint": "impl:gate:1"}
    return {
        "id": f"h{number}",
        "status": "completed",
        "created_at": T0 - 60 * number,
        "context": context,
        **more,
    }


ISSUES = [facts.issue("repeated_failures", "impl:gate:1"), facts.issue("disk_low")]


def test_three_heals_that_changed_nothing_fire() -> None:
    heals = [heal(1), heal(2, status="failed"), heal(3)]
    (finding,) = detect({"heals": heals, "issues": ISSUES}, Settings(), T0)
    assert (finding.state, finding.fingerprint, finding.direction) == (
        "firing",
        "repeated_failures:impl:gate:1",
        None,
    )
    assert finding.message == "3 heals of repeated_failures impl:gate:1 have ended and the issue is still open"


def test_two_or_unfinished_or_foreign_or_earlier_ones_do_not() -> None:
    others = [
        heal(3, status="running"),
        heal(4, context={"condition": "repeated_failures", "fingerprint": "other"}),
        heal(5, created_at=T0 - 2 * DAY),
    ]
    assert detect({"heals": [heal(1), heal(2), *others], "issues": ISSUES}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({"heals": []}, Settings(), T0)] == ["unknown"]
