"""What an attempt used, as its agent told it: a number that is not there is unknown, never zero."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

MONEY = "cost_usd"
INPUT = "input_tokens"
OUTPUT = "output_tokens"
TURNS = "turns"
NAMES = (MONEY, INPUT, OUTPUT, TURNS)


def number(said: object, name: str) -> float | None:
    """One number of what was told, None where none was: anybody may write such an object."""
    value: Any = said.get(name) if isinstance(said, Mapping) else None
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return value if known and 0 <= value < 1e15 and math.isfinite(value) else None
