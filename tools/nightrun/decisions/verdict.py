"""The verdict of a test or a review: an exact last line, and the findings before it."""

from __future__ import annotations

PASS = "PASS"  # noqa: S105 - a verdict
FAIL = "FAIL"
_LINES = {f"VERDICT: {one}": one for one in (PASS, FAIL)}


def read(text: str) -> str | None:
    """PASS or FAIL when the last line that is not blank is exactly that; None for anything near it."""
    return _LINES.get(_last(text)[1])


def findings(text: str) -> str:
    """What stands before the verdict."""
    before, last = _last(text)
    return before.strip() if last in _LINES else text.strip()


def _last(text: str) -> tuple[str, str]:
    before, _, last = text.rstrip().rpartition("\n")
    return before, last.rstrip("\r")
