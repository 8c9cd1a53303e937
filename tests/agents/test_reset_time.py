from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from nightrun.agents import reset_time

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def read(text: str, now: datetime = NOW) -> str | None:
    found = reset_time.read(text, now=now.timestamp(), zone=timezone(timedelta(hours=1)))
    return None if found is None else datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("You've hit your 5-hour limit · resets 3:12pm (UTC)", "2026-11-22 15:12"),
        ("You’ve hit your weekly limit · resets Nov 24, 8:59pm (UTC)", "2026-11-24 20:59"),
        ("You've hit your limit · resets 6pm (America/New_York)", "2026-11-22 23:00"),
        ("You've hit your limit · resets Jan 2, 9am (Europe/Berlin)", "2027-01-02 08:00"),
        ("5-hour limit reached ∙ resets 3am", "2026-11-23 02:00"),
        ("Claude AI usage limit reached|1795000000", "2026-11-18 11:06"),
        ("or try again at 2:48 PM.", "2026-11-23 13:48"),
        ("or try again\nat 5:48\u202fPM.", "2026-11-22 16:48"),
        ("Try again at Nov 28th, 2026 9:05 AM.", "2026-11-28 08:05"),
        ("resets 12am (UTC)", "2026-11-23 00:00"),
        ("resets 12:30pm (UTC)", "2026-11-23 12:30"),
        ("try again in 2 hours", "2026-11-22 17:00"),
        ("Try again in 3 days 5 hours 12 minutes.", "2026-11-25 20:12"),
        ("It will reset in 1h 30m", "2026-11-22 16:30"),
        ("Suggested retry after 11528s.", "2026-11-22 18:12"),
    ],
)
def test_moments_that_agents_name(text: str, when: str) -> None:
    assert read(text) == when


@pytest.mark.parametrize(
    "text",
    [
        "",
        "try again later",
        "resets 3",
        "resets 25:99pm (UTC)",
        "resets 14pm",
        "resets Nov 31, 9am (UTC)",
        "resets 9am (Not/AZone)",
        "the reset button is at 9",
    ],
)
def test_what_is_no_moment_is_unknown(text: str) -> None:
    assert read(text) is None


def test_limit_that_just_ended_is_not_tomorrow() -> None:
    at = datetime(2026, 11, 22, 15, 12, 30, tzinfo=UTC)
    assert read("resets 3:12pm (UTC)", at) == "2026-11-22 15:12"
    assert read("resets 3:12pm (UTC)", at + timedelta(hours=1)) == "2026-11-23 15:12"


def test_clock_that_changes_at_night_is_counted() -> None:
    evening = datetime(2026, 10, 24, 20, 0, tzinfo=BERLIN).timestamp()
    found = reset_time.read("resets 8am", now=evening, zone=BERLIN)
    assert found is not None and found - evening == 13 * 3600
