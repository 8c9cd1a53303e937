from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightrun.decisions.short_direction import NONE, short

LIMIT = 40


@pytest.mark.parametrize(
    ("direction", "wanted"),
    [
        ("Add a flag", "Add a flag"),
        ("Add a flag.", "Add a flag."),
        ("  Add\ta   flag  ", "Add a flag"),
        ("Add a flag\nIt is called --all.", "Add a flag"),
        ("\n\n \nAdd a flag\r\nmore", "Add a flag"),
        ("Add a flag. Then test it.", "Add a flag."),
        ("Does it work? Say so.", "Does it work?"),
        ("Cover e.g. The parser", "Cover e.g. The parser"),
        ("Read pipeline.yaml. now", "Read pipeline.yaml. now"),
        ("修复解析器。然后测试", "修复解析器。"),
        ("# A heading\n\ntext", "A heading"),
        ("- [ ] tick me", "tick me"),
        ("12. the twelfth", "the twelfth"),
        ("#123 is broken", "#123 is broken"),
        ("```sh\nruff format .\n```", "ruff format ."),
        ("---\nname: x\n---", "name: x"),
        ("🚀", "🚀"),
        ("👩‍💻 at work", "👩‍💻 at work"),
        ("???", "???"),
    ],
)
def test_first_sentence_or_line_is_taken(direction: str, wanted: str) -> None:
    assert short(direction, LIMIT) == wanted


@pytest.mark.parametrize("direction", ["", " \n\t", "\x00\x1b\x07", "\u202e\u200b", "\u200d", "\ud800"])
def test_nothing_to_see_is_said(direction: str) -> None:
    assert short(direction, LIMIT) == NONE


@pytest.mark.parametrize(
    ("direction", "wanted"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\u202eb\u2066c", "abc"),
        ("bell\x07 and \x9bescape", "bell and escape"),
        ("\ufeffmark", "mark"),
    ],
)
def test_what_could_hide_or_reorder_text_is_gone(direction: str, wanted: str) -> None:
    assert short(direction, LIMIT) == wanted


@pytest.mark.parametrize(
    ("direction", "wanted"),
    [
        ("one two three", "one two"),
        ("one two thr", "one two thr"),
        ("one two, three", "one two"),
        ("one two (three)", "one two"),
        ("unbreakable-word", "unbreakable"),
        ("x " + "y" * 20, "x"),
    ],
)
def test_it_is_cut_at_a_word(direction: str, wanted: str) -> None:
    assert short(direction, 11) == wanted


@given(st.text(), st.integers(-5, 80))
def test_any_text_becomes_one_clean_line_within_the_limit(direction: str, limit: int) -> None:
    made = short(direction, limit)
    assert 1 <= len(made) <= max(1, limit)
    assert made == made.strip()
    assert not [one for one in made if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")]
    made.encode()
