"""What is accepted without asking the hook is what the hook accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightrun.decisions.hook_text import HookValues
from nightrun.decisions.message_grammar import is_plainly_fine
from nightrun.hands import hooks
from tests.hooks import test_commit_msg

PIECES = st.sampled_from(
    [
        "[pipeline]",
        "[Pipeline]",
        "pipeline]",
        " ",
        "impl",
        "t1",
        ":",
        ": ",
        "x",
        "\n",
        "\n\n",
        "#",
        "é",
        "\r",
        "fixup! ",
    ]
)
VALUES = [HookValues(), HookValues(messages="pipeline", types=("impl",), subject_length=50)]


@pytest.mark.parametrize(
    "message",
    [
        b"[pipeline] impl t1: x",
        b"[pipeline] impl t1: x\n\nbody\n",
        b"[pipeline] spec t1: a: b",
        b"fix x\nfolded",
        b"7 x",
    ],
)
def test_what_nights_are_full_of_is_plain(message: bytes) -> None:
    assert is_plainly_fine(message, HookValues())


@pytest.mark.parametrize(
    "message",
    [b"", b"[pipeline] x", b"[pipeline] impl t1: x\nfolded", b"[pipeline] impl t1: " + b"x" * 53, b"# c", b" x"],
)
def test_the_rest_is_asked_about(message: bytes) -> None:
    assert not is_plainly_fine(message, HookValues())


@pytest.mark.parametrize("values", VALUES, ids=lambda values: values.messages)
@settings(max_examples=150, deadline=None)
@given(start=st.sampled_from(["", "[pipeline] impl t1: ", "[pipeline] ", "x"]), pieces=st.lists(PIECES, max_size=12))
def test_plain_messages_are_accepted_by_the_hook(values: HookValues, start: str, pieces: list[str]) -> None:
    message = (start + "".join(pieces)).encode()
    if is_plainly_fine(message, values):
        assert hooks.refusal(message, values) is None


def test_the_hook_says_the_reason() -> None:
    assert hooks.refusal(b"[pipeline] build t1: x", HookValues()) == "`build` is not a task type that commits"
    assert hooks.refusal(b"", HookValues()) == "it is empty"


def test_the_hook_judges_the_table_of_its_own_test(tmp_path: Path) -> None:
    for message in test_commit_msg.ACCEPTED.values():
        assert hooks.refusal(message if isinstance(message, bytes) else message.encode(), HookValues()) is None
