from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from nightrun.decisions import lines
from nightrun.decisions.lines import Line, Section


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\tand  blanks ", "two lines and blanks"),
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("bell\x07 \u202eback\u200bwards", "bell back wards"),
        (None, ""),
        ("x" * 300, "x" * 159 + "…"),
        ("🌙 ünï", "🌙 ünï"),
    ],
)
def test_text_is_one_safe_line(text: object, shown: str) -> None:
    assert lines.safe(text) == shown


def test_long_text_costs_little() -> None:
    assert len(lines.safe("a " * 5_000_000)) <= 160


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (7_260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_length_of_time(seconds: float, shown: str) -> None:
    assert lines.lasting(seconds) == shown


def test_moment() -> None:
    assert lines.at(1_760_000_000, UTC) == "2025-10-09 08:53"


def test_title_is_type_id_and_the_first_line_that_says_something() -> None:
    task = {"task_type": "impl", "id": "t1", "direction": "\n Do it.\nThen more."}
    assert lines.title(task) == "impl t1 Do it."
    assert lines.title({**task, "direction": None}) == "impl t1"
    assert lines.title({**task, "direction": "```sh\nmake units\n```"}) == "impl t1 make units"


def test_rows_are_indented_below_their_heading_and_wrapped() -> None:
    section = Section("Failed", (Line("one two three four five six seven", "make logs", "bad"),))
    assert list(lines.rows([section], 24)) == [
        ("", "plain"),
        ("Failed", "heading"),
        ("  one two three four", "bad"),
        ("    five six seven", "bad"),
        ("    make logs", "dim"),
    ]


def test_a_length_of_time_is_right_over_the_end_of_summer_time() -> None:
    """reliability.md, fault 41: the clock on the wall shows the same twice; in UTC they are an hour apart."""
    before, after = 1_792_888_200.0, 1_792_891_800.0  # 2026-10-25 00:30 and 01:30 in UTC
    assert [lines.at(one, UTC) for one in (before, after)] == ["2026-10-25 00:30", "2026-10-25 01:30"]
    assert [lines.at(one, ZoneInfo("Europe/Berlin")) for one in (before, after)] == ["2026-10-25 02:30"] * 2
    assert lines.lasting(after - before) == "1 h"
