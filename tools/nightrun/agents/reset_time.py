"""When a limit ends, read from the error text of an agent's result (agents.md section 6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
# `resets Nov 24, 8:59pm (UTC)`, `resets 3am`, `try again at Nov 24th, 2026 2:48 PM.`
_WHEN = re.compile(
    r"(?:resets?|try again)(?: at| on)? "
    r"(?:(?P<month>[a-z]{3})[a-z]*\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<year>\d{4}))?(?:,| at)? )?"
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))? ?(?P<half>[ap]m)?\b(?: ?\((?P<zone>[a-z0-9_+/-]+)\))?",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"\|(\d{10})\b")
# `try again in 2 hours 5 minutes`, `It will reset in 3h 12m`, `Suggested retry after 11528s`
_AFTER = re.compile(
    r"(?:try again in|resets? in|retry after) ((?:\d+ ?(?:s|m|h|d|w)[a-z]*(?:,? and |, | )?)+)", re.IGNORECASE
)
_AMOUNT = re.compile(r"(\d+) ?([smhdw])", re.IGNORECASE)
# A limit that ended while the agent was still saying so is not one that lasts until tomorrow.
JUST_OVER = timedelta(minutes=10)


def read(message: str, *, now: float, zone: tzinfo | None = None) -> float | None:
    """Seconds since the epoch, None when the text does not say. `zone`: where it names none; None is the local one."""
    text = " ".join(message.split())
    for found in (_at_epoch(text), _after(text, now), *_at_time(text, now, zone)):
        if found is not None:
            return found
    return None


def _at_epoch(text: str) -> float | None:
    found = _EPOCH.search(text)
    return float(found[1]) if found else None


def _after(text: str, now: float) -> float | None:
    found = _AFTER.search(text)
    return now + sum(int(count) * _UNITS[unit.lower()] for count, unit in _AMOUNT.findall(found[1])) if found else None


def _at_time(text: str, now: float, zone: tzinfo | None) -> Iterator[float]:
    for found in _WHEN.finditer(text):
        try:
            here = _here(now, found["zone"], zone)
            yield _moment(found, here).timestamp()
        except (ValueError, OverflowError):
            continue  # 31 November or 25 o'clock: no time that anybody meant


def _here(now: float, name: str | None, zone: tzinfo | None) -> datetime:
    """This moment as a clock at that place shows it."""
    return datetime.fromtimestamp(now, UTC).astimezone(_zone(name) if name else zone)


def _zone(name: str) -> tzinfo:
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        raise ValueError(f"there is no time zone {name}") from error


def _moment(found: re.Match[str], here: datetime) -> datetime:
    if found["minute"] is None and found["half"] is None:
        raise ValueError("a bare number is no time")
    hour, minute = _hour(int(found["hour"]), (found["half"] or "").lower()), int(found["minute"] or 0)
    if found["month"] is None:
        today = here.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return today if today >= here - JUST_OVER else today + timedelta(days=1)
    month = _MONTHS.index(found["month"].lower()) + 1
    said = here.replace(
        year=int(found["year"] or here.year),
        month=month,
        day=int(found["day"]),
        hour=hour,
        minute=minute,
        second=0,
        microsecond=0,
    )
    is_past = found["year"] is None and said < here - timedelta(days=180)
    return said.replace(year=here.year + 1) if is_past else said


def _hour(hour: int, half: str) -> int:
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(f"{hour} {half} is no time")
    return hour % 12 + (12 if half == "pm" else 0)
