"""Durations and sizes as people write them in the policy: `20m`, `1h30m`, `250ms`, `5MiB`, or a plain number."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_BYTES = {
    "B": 1,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KIB": 1 << 10,
    "MIB": 1 << 20,
    "GIB": 1 << 30,
    "TIB": 1 << 40,
}
_DURATION_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|w)")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([KMGT]I?B|B)", re.IGNORECASE)

# For JSON Schema, which has no flags and whose patterns match anywhere.
DURATION_PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$"
SIZE_PATTERN = r"^[0-9]+(\.[0-9]+)? ?([KkMmGgTt][Ii]?)?[Bb]$"
DURATION_FORM = "a duration such as 90s, 20m, 1h30m or 250ms, or a number of seconds"
SIZE_FORM = "a size such as 512KiB, 5MiB or 1GiB, or a number of bytes"


def seconds(value: object) -> float:
    """The duration in seconds; ValueError when it is none."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return float(value)
    text = value.strip() if isinstance(value, str) else ""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"must be {DURATION_FORM}")
    return float(sum(float(number) * _SECONDS[unit] for number, unit in parts))


def size(value: object) -> int:
    """The size in bytes; ValueError when it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"must be {SIZE_FORM}")
    return int(float(match[1]) * _BYTES[match[2].upper()])


def duration_text(value: float) -> str:
    """The shortest exact way to write a number of seconds, in one unit."""
    for unit in ("w", "d", "h", "m", "s"):
        if value >= _SECONDS[unit] and value % _SECONDS[unit] == 0:
            return f"{int(value / _SECONDS[unit])}{unit}"
    return "0s" if value == 0 else f"{value * 1000:g}ms" if value < 1 else f"{value:g}s"


def size_text(value: int) -> str:
    """The shortest exact way to write a number of bytes, in one unit."""
    for unit, text in (("TIB", "TiB"), ("GIB", "GiB"), ("MIB", "MiB"), ("KIB", "KiB")):
        if value and value % _BYTES[unit] == 0:
            return f"{value // _BYTES[unit]}{text}"
    return f"{value}B"
