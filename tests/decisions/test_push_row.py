"""The doctor's row: what got through where, and advice only for what gets through as agents run here."""

from __future__ import annotations

from nightrun.decisions import push_row
from nightrun.hands.push_trial import Row

INSIDE = Row(remote="a folder", sandbox=True, passed=())
OUTSIDE = Row(remote="a folder", sandbox=False, passed=("a2", "a9"))


def test_each_remote_and_sandbox_is_a_line_and_each_way_a_column() -> None:
    head, inside, outside, *rest = push_row.table([INSIDE, OUTSIDE])
    columns = head.split()
    assert columns == [f"a{number}" for number in range(1, 10)]
    assert inside.split()[-9:] == ["."] * 9
    assert [name for name, mark in zip(columns, outside.split()[-9:], strict=True) if mark == "P"] == ["a2", "a9"]
    assert "a2 --no-verify" in rest[-1]


def test_advice_is_for_what_gets_through_as_agents_run_here() -> None:
    assert push_row.advice([INSIDE, OUTSIDE], sandboxed=True) == []
    said = push_row.advice([OUTSIDE], sandboxed=False)
    assert "a2, a9 cannot be stopped on this machine" in said[0]
    assert "bubblewrap" in said[1]
    assert "pre-receive" in said[2]


def test_a_way_through_the_sandbox_is_told_as_well() -> None:
    said = push_row.advice([Row(remote="a folder", sandbox=True, passed=("a9",)), OUTSIDE], sandboxed=True)
    assert "in the sandbox: a9 cannot be" in said[0]
    assert "pre-receive" in said[-1]
