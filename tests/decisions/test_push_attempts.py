"""The attempts to push are the nine of reliability.md 4.2, each with a branch that shows it."""

from __future__ import annotations

from nightrun.decisions import push_attempts


def test_there_are_nine_and_each_pushes_to_the_branch_of_its_name() -> None:
    assert sorted(one.name for one in push_attempts.ALL) == [f"a{number}" for number in range(1, 10)]
    assert all(f":refs/heads/{one.name}" in one.script for one in push_attempts.ALL)


def test_what_destroys_the_guard_comes_last() -> None:
    assert [one.name for one in push_attempts.ALL if "rm -f" in one.script and "hooks/*" in one.script] == ["a6"]
    assert push_attempts.ALL[-1].name == "a6"
