"""What is written into the hooks."""

from __future__ import annotations

import pytest

from nightrun.decisions.hook_text import (
    COMMIT_MSG,
    PRE_PUSH,
    HookValues,
    differs_in_policy_only,
    fill,
    is_ours,
    values_in,
)

SHIPPED = b"""\
#!/bin/sh
# nightrun hook: commit-msg
# --- policy: written by setup ---
types='old'
# --- end of policy ---
exit 0
"""


def test_only_the_policy_block_changes() -> None:
    values = HookValues(types=("spec", "heal"), messages="pipeline", subject_length=99)
    filled = fill(SHIPPED, COMMIT_MSG, values)
    assert filled == SHIPPED.replace(b"types='old'\n", b"types='spec heal'\nmessages='pipeline'\nsubject_length='99'\n")
    assert fill(filled, COMMIT_MSG, values) == filled


def test_the_push_hook_only_knows_what_to_block() -> None:
    assert b"\nblock='pipeline'\n# --- end" in fill(SHIPPED, PRE_PUSH, HookValues(block="pipeline"))


def test_no_type_at_all_is_possible() -> None:
    assert b"types=''\n" in fill(SHIPPED, COMMIT_MSG, HookValues(types=()))


def test_ours_is_known_by_its_second_line() -> None:
    assert is_ours(SHIPPED, COMMIT_MSG)
    assert not is_ours(SHIPPED, PRE_PUSH)
    assert not is_ours(b"#!/bin/sh\n\n\n\n# nightrun hook: commit-msg\n", COMMIT_MSG)
    assert not is_ours(b"", COMMIT_MSG)


def test_a_text_without_a_policy_block_is_refused() -> None:
    with pytest.raises(ValueError, match="no policy block"):
        fill(b"#!/bin/sh\n", COMMIT_MSG, HookValues())


def test_another_policy_is_told_from_another_version() -> None:
    filled = fill(SHIPPED, COMMIT_MSG, HookValues())
    assert differs_in_policy_only(SHIPPED, filled)
    assert not differs_in_policy_only(SHIPPED + b"exit 1\n", filled)


@pytest.mark.parametrize(
    "bad", [{"types": ("a b",)}, {"types": ("x'; rm -rf /",)}, {"messages": "'"}, {"block": "none"}]
)
def test_nothing_but_words_of_the_policy_become_shell_text(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        HookValues(**bad)  # type: ignore[arg-type]


def test_policy_is_read_back_from_an_installed_hook() -> None:
    values = HookValues(types=("impl", "x-y"), messages="pipeline", subject_length=99)
    assert values_in(fill(SHIPPED, COMMIT_MSG, values)) == values


@pytest.mark.parametrize(
    "content", [b"", b"#!/bin/sh\n", b"\xff\x00", b"#!/bin/sh\n# nightrun hook: commit-msg\n# --- policy: x\n"]
)
def test_no_policy_is_read_from_other_files(content: bytes) -> None:
    assert values_in(content) is None


def test_no_policy_is_read_from_a_hook_whose_values_are_none() -> None:
    broken = fill(SHIPPED, COMMIT_MSG, HookValues()).replace(b"messages='any'", b"messages='all'")
    assert values_in(broken) is None
