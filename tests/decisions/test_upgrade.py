from __future__ import annotations

from nightrun.decisions.upgrade import Seen


def after(*installed: str) -> str | None:
    seen = Seen("old")
    for one in installed:
        seen = seen.after(one)
    return seen.new


def test_a_build_counts_as_installed_when_it_is_the_same_in_two_looks() -> None:
    assert after("new") is None
    assert after("new", "new") == "new"


def test_an_installation_that_is_not_over_does_not_count() -> None:
    assert after("half", "more", "new") is None


def test_the_build_that_runs_is_no_upgrade_nor_is_one_that_was_taken_back() -> None:
    assert after("old", "old") is None
    assert after("new", "new", "old") is None
