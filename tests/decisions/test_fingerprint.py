from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightrun.decisions import fingerprint


@pytest.mark.parametrize(
    ("line", "cleaned"),
    [
        ("make: *** [Makefile:12: test] Error 2", "make: *** [Makefile:N: test] Error N"),
        ("FAILED tests/test_a.py::test_x - assert 3 == 4", "FAILED PATH::test_x - assert N == N"),
        ("/home/me/p/.pipeline/worktrees/0k3v.1/a.py: no such file", "PATH: no such file"),
        ("commit 3f9a2b1c77 is missing", "commit HEX is missing"),
        ("object at 0x7f3A11", "object at HEX"),
        ("2026-01-02T03:04:05.678Z timeout", "TIME timeout"),
        ("at 03:04:05,1 it ended", "at TIME it ended"),
        ("request 123e4567-e89b-12d3-a456-426614174000 failed", "request ID failed"),
        ("\x1b[31mred\x1b[0m   text ", "red text"),
        ("added defaced facade", "added defaced facade"),
        ("took 1.5 s, 12,000 rows", "took N s, N rows"),
    ],
)
def test_what_changes_every_time_is_taken_out(line: str, cleaned: str) -> None:
    assert fingerprint.clean(line) == cleaned


def test_the_line_that_tells_counts() -> None:
    same = fingerprint.of("impl", "gate", "1 passed\nexit 2\n")
    assert fingerprint.of("impl", "gate", "7 passed\nexit 3") == same


def test_type_and_class_are_part_of_it() -> None:
    found = {fingerprint.of(kind, error, "x") for kind in ("impl", "test") for error in ("gate", "agent", None)}
    assert len(found) == 6


def test_it_can_be_read() -> None:
    kind, error, digest = fingerprint.of_task({"task_type": "impl", "error_class": None}).split(":")
    assert (kind, error, len(digest)) == ("impl", "unknown", 8)


@given(st.text())
def test_any_text_has_one(text: str) -> None:
    assert fingerprint.of("impl", "gate", text) == fingerprint.of("impl", "gate", text)
    assert len(fingerprint.clean(text)) <= fingerprint.LONGEST_LINE
