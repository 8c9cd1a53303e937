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


def bad(number: int, **more: Any) -> dict[str, Any]:
    return facts.issue(
        "repeated_failures", f"impl:gate:{number}", **{"direction": "Repair it.", "status": "open", **more}
    )


def test_four_kinds_of_failure_at_once_are_no_thing_to_heal_one_by_one() -> None:
    known = {"heals": [], "issues": [bad(n) for n in range(4)], "resolved": []}
    (finding,) = detect(known, Settings(), T0)
    assert (finding.fingerprint, finding.direction) == ("many-at-once", None)
    assert finding.message.startswith(
        "4 of the 4 kinds of failure of a week are bad at once: no heal is added for 6.0 h"
    )
    assert finding.evidence["until"] == T0 + 6 * 3600
    own = facts.issue("heal_futile", "many-at-once", evidence=dict(finding.evidence))
    (later,) = detect({**known, "issues": [*known["issues"], own]}, Settings(), T0 + 3600)
    assert later.evidence["until"] == T0 + 6 * 3600


def test_three_or_quiet_ones_or_few_of_many_are_not_too_much() -> None:
    over = [bad(n, status="resolved") for n in range(10, 17)]
    for issues, resolved in (
        ([bad(n) for n in range(3)], []),
        ([bad(0, quiet_since=T0 - 60), *(bad(n) for n in range(1, 4))], []),
        ([bad(n) | {"direction": None} for n in range(4)], []),
        ([bad(n) for n in range(4)], over),
    ):
        assert detect({"heals": [], "issues": issues, "resolved": resolved}, Settings(), T0) == []


def test_an_issue_that_is_not_seen_any_more_was_helped() -> None:
    heals = [heal(1), heal(2), heal(3)]
    quiet = [ISSUES[0] | {"quiet_since": T0 - 30}]
    assert detect({"heals": heals, "issues": quiet}, Settings(), T0) == []
