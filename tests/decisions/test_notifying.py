from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from nightrun.decisions import notifying
from nightrun.decisions.notifying import Message, State
from tests.decisions import seen

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0


@dataclass
class Settings:
    severity: str = "medium"
    quiet: str | None = None
    debounce: float = 120.0
    report_at: str | None = None


class Night:
    """Looks in order, with the messages that are sent."""

    def __init__(self, **settings: Any) -> None:
        self.settings, self.state, self.now, self.works = Settings(**settings), State(), NOON, True

    def look(self, *issues: dict[str, Any], after: float = 60.0, sure: bool = True) -> Message | None:
        self.now += after
        self.state = notifying.follow(self.state, issues, self.settings, sure=sure, now=self.now)
        message = notifying.due(self.state, self.settings, "project", now=self.now, zone=UTC)
        if message is not None and self.works:
            self.state = notifying.accepted(self.state, message, now=self.now)
        elif message is not None:
            self.state = notifying.refused(self.state, "no network", now=self.now)
        self.state = notifying.read(self.state.to_json())  # every look may be that of a new process
        return message


GATE = seen.issue(condition="gate_red", message="make test fails")
PUSH = seen.issue(condition="push_failed", severity="medium", message="refused")
FAINT = seen.issue(condition="output_empty", severity="low")


def test_issue_that_lasts_is_told_once_and_once_that_it_is_over() -> None:
    night = Night()
    assert [night.look(GATE), night.look(GATE)] == [None, None]
    told = night.look(GATE)
    assert told is not None
    assert (told.kind, told.severity, told.title) == ("problem", "high", "nightrun project: 1 new issue")
    assert told.text.splitlines()[0] == "high: gate_red: make test fails"
    assert [night.look(GATE) for _ in range(10)] == [None] * 10
    assert [night.look(), night.look()] == [None, None]
    over = night.look()
    assert over is not None
    assert (over.kind, over.severity, over.title) == ("over", None, "nightrun project: 1 over")
    assert over.text == "over: gate_red: make test fails"
    assert [night.look() for _ in range(10)] == [None] * 10


def test_issue_that_comes_and_goes_says_nothing() -> None:
    night = Night()
    assert [night.look(*each) for each in [(GATE,), ()] * 10] == [None] * 20
    for _ in range(3):
        night.look(GATE)
    assert [night.look(*each) for each in [(), (GATE,)] * 10] == [None] * 20


def test_what_is_found_together_is_one_message_the_worst_first() -> None:
    night = Night(debounce=0.0)
    told = night.look(FAINT, PUSH, GATE)
    assert told is not None
    assert told.title == "nightrun project: 2 new issues"
    assert told.text.splitlines()[:2] == ["high: gate_red: make test fails", "medium: push_failed: refused"]
    told = night.look(PUSH)
    assert told is not None and told.kind == "over"
    both = night.look(seen.issue(condition="disk_low"))
    assert both is not None
    assert (both.kind, both.title) == ("problem", "nightrun project: 1 new issue, 1 over")


def test_many_issues_stay_a_short_message() -> None:
    night = Night(debounce=0.0)
    told = night.look(*(seen.issue(fingerprint=str(n)) for n in range(40)))
    assert told is not None
    assert told.title == "nightrun project: 40 new issues"
    assert len(told.text.splitlines()) == 14 and "and 28 more" in told.text


def test_nothing_is_over_while_the_api_is_away() -> None:
    night = Night(debounce=0.0)
    night.look(GATE)
    assert [night.look(sure=False) for _ in range(5)] == [None] * 5
    assert night.look() is not None


@pytest.mark.parametrize(
    ("span", "time", "within"),
    [
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "00:00", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("12:00-14:00", "13:00", True),
        ("12:00-14:00", "14:00", False),
        ("12:00-14:00", "02:00", False),
    ],
)
def test_span_of_the_day(span: str, time: str, within: bool) -> None:
    assert notifying.is_within(span, time) is within


def test_quiet_hours_hold_back_what_is_still_open_after_them() -> None:
    night = Night(quiet="12:00-14:00", debounce=0.0)
    assert night.look(GATE, PUSH) is None
    assert night.look(GATE, after=HOUR) is None
    told = night.look(GATE, after=HOUR)
    assert told is not None and told.title == "nightrun project: 1 new issue"


def test_message_that_is_not_accepted_is_tried_again_ever_later() -> None:
    night = Night(debounce=0.0)
    night.works = False
    tries = [n for n in range(200) if night.look(GATE) is not None]
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183]
    assert night.state.problem == "no network"
    night.works = True
    assert night.look(GATE, after=HOUR) is not None
    assert (night.state.problem, night.state.tries) == ("", 0)
    assert night.look(GATE, after=HOUR) is None


def test_what_the_supervisor_gave_up_is_told() -> None:
    (one,) = notifying.fatal({"reason": "api_restart_failed", "detail": "api died 6 times"})
    told = Night(debounce=0.0).look(one)
    assert told is not None
    assert told.text.splitlines()[0] == "high: fatal: api_restart_failed: api died 6 times"
    assert notifying.fatal({}) == []


def test_report_comes_once_a_day_at_its_time() -> None:
    settings, state = Settings(report_at="12:30"), State()
    days = [notifying.report_day(state, settings, now=NOON + minutes * 60, zone=UTC) for minutes in (29, 30, 149, 150)]
    assert days == [None, "2026-01-31", "2026-01-31", None]
    told = State(reported="2026-01-31")
    assert notifying.report_day(told, settings, now=NOON + 1900, zone=UTC) is None
    assert notifying.report_day(told, settings, now=NOON + 86_400 + 1900, zone=UTC) == "2026-02-01"
    assert notifying.report_day(state, Settings(), now=NOON + 1900, zone=UTC) is None


def test_report_says_what_needs_you_first() -> None:
    ended = [seen.task("t1"), seen.failed("t2"), seen.task("t0", finished_at=seen.NOW - 90_000)]
    shot = seen.snapshot(finished=ended, issues=[seen.issue()], window={"completed": 3, "total": 4, "rate": 0.75})
    made = notifying.report(shot, "project")
    assert made.title == "nightrun project: 1 completed, 1 failed, 1 landed in 24 hours"
    first, issue, *rest = made.text.splitlines()
    assert first == "1 thing needs you:" and issue.startswith("high: repeated_failures")
    assert rest[-2:] == ["0 running, 0 waiting", "7 days: 3 of 4 completed (75%)"]


def test_texts_of_agents_and_tasks_are_made_safe() -> None:
    bad = seen.issue(condition="x\x1b[2J", message="a\u202eb\nFrom: someone")
    told = Night(debounce=0.0).look(bad)
    assert told is not None
    assert told.text.splitlines()[0] == "high: x [2J: a b From: someone"


@pytest.mark.parametrize(
    "kept", [None, [], "x", {"seen": {"a": {"nonsense": 1}}}, {"seen": {"a": 7}}, {"tries": "x"}, {"seen": [1]}]
)
def test_state_that_cannot_be_used_is_begun_anew(kept: object) -> None:
    assert notifying.read(kept) == State()
