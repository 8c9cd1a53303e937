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


def test_three_that_failed_in_a_row_are_one_issue_whatever_they_were_for() -> None:
    heals = [heal(n, status="failed", finished_at=T0 - n, context={"condition": f"c{n}"}) for n in (3, 1, 2)]
    (finding,) = detect({"heals": heals, "issues": []}, Settings(), T0)
    assert (finding.fingerprint, finding.direction) == ("breaker", None)
    assert finding.message == "the last 3 heals failed: none is added for 6.0 h, then one as a trial"
    assert finding.evidence == {"tasks": ["h1", "h2", "h3"], "last_at": T0 - 1, "until": T0 - 1 + 6 * 3600}
    assert detect({"heals": [*heals, heal(0, finished_at=T0)], "issues": []}, Settings(), T0) == []
