"""Short ids that sort by age: milliseconds and a counter in 11 characters of Crockford's base 32."""

from __future__ import annotations

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 11
_COUNTER_BITS = 10


def after(last: str | None, now: float) -> str:
    """A new id, greater than `last` even when the clock went back."""
    number = max(int(now * 1000) << _COUNTER_BITS, _number(last or "") + 1)
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(LENGTH)))


def _number(text: str) -> int:
    if len(text) != LENGTH or any(letter not in ALPHABET for letter in text):
        return 0
    number = 0
    for letter in text:
        number = number << 5 | ALPHABET.index(letter)
    return number
