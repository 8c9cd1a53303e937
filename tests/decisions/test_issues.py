from __future__ import annotations

from typing import Any

from nightrun.decisions import issues
from nightrun.decisions.issues import Known
from nightrun.words.issue import Finding

T0 = 1_800_000_000.0
KEY = ("orphan_running", "")


def finding(state: str = "firing", condition: str = "orphan_running", **more: Any) -> Finding:
    return Finding(condition=condition, state=state, **more)


def states(seen: list[Finding], hold: float = 60.0, **more: Any) -> list[tuple[str, str]]:
    given: dict[str, Any] = {"known": {}, "still_open": [], "holds": {"orphan_running": hold}, "now": T0, **more}
    return [(one.condition, one.state) for one in issues.step(seen, **given)]


def test_without_a_hold_it_fires_at_once() -> None:
    assert states([finding()], hold=0) == [("orphan_running", "firing")]


def test_with_a_hold_it_is_pending_until_it_lasted() -> None:
    assert states([finding()]) == [("orphan_running", "pending")]
    assert states([finding()], known={KEY: Known("pending", T0 - 59)}) == [("orphan_running", "pending")]
    assert states([finding()], known={KEY: Known("pending", T0 - 60)}) == [("orphan_running", "firing")]


def test_an_open_issue_goes_on_firing() -> None:
    known = {KEY: Known("pending", T0 - 1)}
    assert states([finding()], known=known, still_open=[KEY]) == [("orphan_running", "firing")]


def test_an_unknown_look_in_between_starts_the_hold_anew() -> None:
    assert states([finding()], known={KEY: Known("unknown", T0 - 600)}) == [("orphan_running", "pending")]


def test_time_before_the_machine_woke_does_not_count() -> None:
    known = {KEY: Known("pending", T0 - 600)}
    assert states([finding()], known=known, timers_from=T0 - 59) == [("orphan_running", "pending")]


def test_an_issue_is_over_when_it_stayed_away_for_the_hold() -> None:
    firing = {KEY: Known("firing", T0 - 600)}
    assert states([], known=firing, still_open=[KEY]) == [("orphan_running", "pending")]
    clearing = {KEY: Known("pending", T0 - 59)}
    assert states([], known=clearing, still_open=[KEY]) == [("orphan_running", "pending")]
    clearing = {KEY: Known("pending", T0 - 60)}
    assert states([], known=clearing, still_open=[KEY]) == []


def test_without_a_hold_it_is_over_at_once() -> None:
    assert states([], hold=0, known={KEY: Known("firing", T0 - 600)}, still_open=[KEY]) == []


def test_what_is_unknown_now_is_not_over() -> None:
    assert states([finding("unknown")], still_open=[KEY]) == [("orphan_running", "unknown")]


def test_one_key_is_said_once_and_the_worst_counts() -> None:
    seen = [finding("pending"), finding("firing", message="x"), finding("firing", message="y")]
    (said,) = issues.step(seen, known={}, still_open=[], holds={}, now=T0)
    assert (said.state, said.message) == ("firing", "x")


def test_fingerprints_are_kept_apart() -> None:
    seen = [finding(fingerprint="a"), finding(fingerprint="b")]
    assert len(issues.step(seen, known={}, still_open=[], holds={}, now=T0)) == 2
