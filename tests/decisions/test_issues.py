from __future__ import annotations

from typing import Any

from nightrun.decisions import issues
from nightrun.decisions.issues import Known, Wait
from nightrun.words.issue import Finding

T0 = 1_800_000_000.0
KEY = ("orphan_running", "")


def finding(state: str = "firing", condition: str = "orphan_running", **more: Any) -> Finding:
    return Finding(condition=condition, state=state, **more)


def states(seen: list[Finding], hold: float = 60.0, over_after: float = 0.0, **more: Any) -> list[tuple[str, str]]:
    waits = {"orphan_running": Wait(hold, over_after)}
    given: dict[str, Any] = {"known": {}, "still_open": [], "waits": waits, "now": T0, **more}
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
    (said,) = issues.step(seen, known={}, still_open=[], waits={}, now=T0)
    assert (said.state, said.message) == ("firing", "x")


def test_fingerprints_are_kept_apart() -> None:
    seen = [finding(fingerprint="a"), finding(fingerprint="b")]
    assert len(issues.step(seen, known={}, still_open=[], waits={}, now=T0)) == 2


def test_an_issue_is_over_only_when_it_stayed_away_for_a_day() -> None:
    day = 86_400.0
    opened: dict[str, Any] = {"hold": 0, "over_after": day, "still_open": [KEY]}
    assert states([], known={KEY: Known("firing", T0 - 600)}, **opened) == [("orphan_running", "pending")]
    assert states([], known={KEY: Known("pending", T0 - day + 1)}, **opened) == [("orphan_running", "pending")]
    assert states([], known={KEY: Known("pending", T0 - day)}, **opened) == []
    assert states([finding()], known={KEY: Known("pending", T0 - day)}, **opened) == [("orphan_running", "firing")]


def test_a_machine_that_sleeps_every_night_is_done_with_an_issue_all_the_same() -> None:
    quiet = {KEY: Known("pending", T0 - 86_400)}
    assert states([], hold=0, over_after=86_400, known=quiet, still_open=[KEY], timers_from=T0 - 60) == []


def test_what_is_unknown_of_one_kind_says_nothing_of_another() -> None:
    muted = finding("unknown", fingerprint="a")
    said = states([muted], hold=0, known={}, still_open=[KEY], over_after=60)
    assert said == [("orphan_running", "unknown"), ("orphan_running", "pending")]


def test_a_condition_that_says_nothing_is_ok_and_that_is_said() -> None:
    assert states([], watched=["orphan_running", "disk_low"]) == [("orphan_running", "ok"), ("disk_low", "ok")]
    assert states([finding("unknown")], watched=["orphan_running"]) == [("orphan_running", "unknown")]
    assert states([], hold=0, watched=["orphan_running"], still_open=[KEY]) == [("orphan_running", "ok")]
