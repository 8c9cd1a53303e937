"""The JSON objects that an agent prints, one per line, between chatter that is none."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Event = Mapping[str, Any]


def events(output: str) -> list[Event]:
    """Lines that are no whole JSON object are left out: the first may be cut, stderr is among them."""
    found = []
    # Not splitlines(): a JSON string may hold U+2028 as it is.
    for line in output.split("\n"):
        event = _event(line.strip())
        if event is not None:
            found.append(event)
    return found


def last(found: Iterable[Event], *types: str) -> Event | None:
    """The last one of these types."""
    return next((one for one in reversed(list(found)) if one.get("type") in types), None)


def part(event: Event | None, *names: str) -> Event:
    """The object inside of the object; an empty one where there is none."""
    for name in names:
        inner = event.get(name) if event is not None else None
        event = inner if isinstance(inner, dict) else None
    return event or {}


def text(event: Event | None, name: str) -> str:
    value = event.get(name) if event is not None else None
    return value if isinstance(value, str) else ""


def number(event: Event | None, name: str) -> float | None:
    value = event.get(name) if event is not None else None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return value if abs(value) < float("inf") else None  # Python reads NaN and Infinity as JSON


def total(event: Event, *names: str) -> int | None:
    """The sum of those that are there; None when none is."""
    found = [value for name in names if (value := number(event, name)) is not None]
    return int(sum(found)) if found else None


def known(**values: object) -> dict[str, Any]:
    """Without what is None: a missing key is unknown, not zero."""
    return {name: value for name, value in values.items() if value is not None}


def _event(line: str) -> Event | None:
    if not line.startswith("{"):
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
