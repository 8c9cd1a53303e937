from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nightrun.policy import keys, shown, yaml_tree
from nightrun.policy.model import Limits, Policy, Project
from nightrun.policy.task_types import TaskType

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
    | st.sampled_from(["on", "null", "1e3", "5", "1h", "*a", "a: b", "a #b", "-x", "a, b", "[x]", "", " a", "a "])
)


@given(
    st.dictionaries(st.text("abc", min_size=1), SCALARS | st.lists(SCALARS) | st.dictionaries(st.text("ab"), SCALARS))
)
def test_what_is_shown_reads_back_as_the_same_value(value: dict[str, object]) -> None:
    expected = value or None
    tree = yaml_tree.parse(shown.block(value)) if value else yaml_tree.parse("{}")
    assert not tree.flaws
    assert (tree.value or None) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("make test", "make test"),
        ("1h", "1h"),
        ("hooks/**", "hooks/**"),
        ("*.lock", '"*.lock"'),
        ("on", '"on"'),
        (["a", "b c"], "[a, b c]"),
        ({"A": "1"}, '{A: "1"}'),
        (None, "null"),
    ],
)
def test_values_look_as_a_person_writes_them(value: object, text: str) -> None:
    assert shown.flow(value) == text


def test_defaults_are_written_with_their_units() -> None:
    assert shown.defaults(Limits)["backoff"] == ["10s", "30s", "2m", "10m"]
    assert shown.defaults(Limits)["disk_floor"] == "1GiB"


@pytest.mark.parametrize(
    ("model", "name", "words"),
    [
        (Limits, "backoff", "list of durations"),
        (Limits, "disk_floor", "size"),
        (Limits, "hours", "number above 0 or null"),
        (Project, "runners", "whole number from 1 to 64"),
        (Project, "isolation", "worktree, root"),
        (TaskType, "gate", "list of commands or null"),
        (TaskType, "agent", "auto, a name or a list of names"),
    ],
)
def test_types_are_told_in_words(model: type, name: str, words: str) -> None:
    assert shown.kind(model, name) == words


def test_every_key_has_a_type_and_a_description() -> None:
    for key in keys.walk(Policy):
        assert (key.field.description or "").endswith((".", "!")), key.path
