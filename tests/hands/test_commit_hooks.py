from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.decisions import message
from nightrun.hands import commit_index, git_commit
from nightrun.hands.commit_hooks import HookRefused, Hooks
from tests.story import write

WANTED = message.commit(task_type="impl", task_id="t1", direction="Do it")


def hooks_of(repo: Path, **scripts: str) -> Hooks:
    for name, text in scripts.items():
        write(repo, f".git/hooks/{name.replace('_', '-')}", f"#!/bin/sh\n{text}\n").chmod(0o755)
    place = git_commit.place(repo, None)
    return Hooks(place=place, environment=commit_index.own(place))


def test_without_hooks_the_message_is_the_wanted_one(repo: Path) -> None:
    hooks = hooks_of(repo)
    hooks.pre_commit()
    assert hooks.final_message(WANTED) == WANTED


def test_message_of_a_person_in_the_editor_is_not_overwritten(repo: Path) -> None:
    draft = write(repo, ".git/COMMIT_EDITMSG", "my draft")
    hooks_of(repo, commit_msg="echo >>$1").final_message(WANTED)
    assert draft.read_text() == "my draft"
    assert [path.name for path in (repo / ".git").glob("*MSG")] == ["COMMIT_EDITMSG"]


def test_end_of_what_a_hook_printed_is_kept(repo: Path) -> None:
    with pytest.raises(HookRefused) as raised:
        hooks_of(repo, pre_commit="seq 10000; echo the reason >&2; exit 1").pre_commit()
    assert "the reason" in raised.value.said
    assert len(raised.value.said) <= 2000


def test_silent_refusal(repo: Path) -> None:
    with pytest.raises(HookRefused) as raised:
        hooks_of(repo, pre_commit="exit 1").pre_commit()
    assert raised.value.hint == "It printed nothing."
