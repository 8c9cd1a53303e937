from __future__ import annotations

import pytest

from nightrun.scans.conflict_markers import look
from tests.scans import changes

OURS, MIDDLE, THEIRS, OLD = "<" * 7, "=" * 7, ">" * 7, "|" * 7
CONFLICT = f"a\n{OURS} HEAD\none\n{OLD} base\nzero\n{MIDDLE}\ntwo\n{THEIRS} branch\nb\n"


def test_a_conflict_is_refused_at_its_first_line() -> None:
    (finding,) = look(changes.adds(CONFLICT), changes.SETTINGS)
    assert (finding.path, finding.line, finding.effect) == ("src/app.py", 2, "refuse")


def test_every_conflict_is_named() -> None:
    assert changes.lines(look(changes.adds(CONFLICT * 2), changes.SETTINGS)) == [("src/app.py", 2), ("src/app.py", 11)]


@pytest.mark.parametrize("marker", [f"{OURS} HEAD", f"{THEIRS} theirs", f"{OLD} base"])
def test_one_that_was_left_over_alone_is_refused(marker: str) -> None:
    assert changes.lines(look(changes.adds(f"x\n{marker}\n"), changes.SETTINGS)) == [("src/app.py", 2)]


@pytest.mark.parametrize(
    "text",
    [
        f"Title\n{MIDDLE}\n",
        f"{MIDDLE} {MIDDLE}\n",
        f"{OURS}\n",
        f"{OURS} \n",
        f"{OURS}< HEAD\n",
        f"    {OURS} HEAD\n",
        f"> {THEIRS} quoted\n",
        f"x = '{OURS} HEAD'\n",
    ],
)
def test_titles_and_quotes_are_no_conflict(text: str) -> None:
    assert look(changes.adds(text, "README.md"), changes.SETTINGS) == []


def test_a_conflict_that_was_there_before_is_not_this_changes() -> None:
    assert look(changes.change({"a": CONFLICT}, {"a": CONFLICT + "more\n"}), changes.SETTINGS) == []
    assert look(changes.change({"a": CONFLICT}, {"b": CONFLICT}), changes.SETTINGS) == []
