"""Programs that behave as real agents do, started by their presets in a real run: what they leave is no change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.agents.ends import RECORDED
from tests.stories.night import Night, all_tasks, check_one_commit_each
from tests.story import git_out

AIDER = f"""\
echo works > new.txt && : > empty.txt && git add --intent-to-add empty.txt && git add new.txt && echo more >> new.txt
mkdir -p .aider.tags.cache.v4 && echo x > .aider.tags.cache.v4/cache.db
cat {RECORDED}/aider/success.txt
"""
MINI = f"""\
while [ "$1" != --output ]; do shift; done
echo works > mini.txt; echo 'AuthenticationError: 401'; cp {RECORDED}/mini/success.json "$2"
"""


@pytest.fixture
def on_path(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "programs"
    folder.mkdir()
    for name, text in (("aider", AIDER), ("mini", MINI)):
        (folder / name).write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit 0\n{text}')
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def test_what_agents_leave_beside_their_work_is_not_committed(night: Night, on_path: dict[str, str]) -> None:
    with night.api() as client:
        for name in ("aider", "mini"):
            client.add_task(f"Do it with {name}", "impl", agent=name)
    assert night.until_idle(env=on_path) == 0
    with night.api() as client:
        tasks = all_tasks(client)
    assert [(one.agent, one.outcome, one.commit_state) for one in sorted(tasks, key=lambda one: str(one.agent))] == [
        ("aider", "completed", "landed"),
        ("mini", "completed", "landed"),
    ], night.said()
    check_one_commit_each(night, tasks)
    files = git_out(night.root, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert files == ["README.md", "empty.txt", "mini.txt", "new.txt", "pipeline.yaml"]
    assert git_out(night.root, "show", "main:new.txt") == "works\nmore"
    assert list((night.state.path / "prompts").glob("*")) == []
