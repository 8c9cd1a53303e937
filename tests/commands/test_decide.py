from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.night import Night


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


def test_answer_puts_the_task_back_to_work(night: Night) -> None:
    assert night.run("decide").stdout == "Nothing waits for you.\n"
    night.add("Name the flag")
    task = night.end("needs_decision", decision_prompt="Which name?")
    line = f"impl {task.id} Name the flag: Which name?\n    make decide TASK={task.id} TEXT='...'\n"
    assert night.run("decide").stdout == f"{line}1 task needs a decision.\n"
    assert night.run("decide", task.id, "Call it `--all`").stdout == f"impl {task.id} goes back to work.\n"
    after = night.client.task(task.id)
    assert (after.status, after.decision) == ("pending", "Call it `--all`")
    again = night.run("decide", task.id, "no, --every")
    assert again.exit_code == 1
    assert again.stderr.startswith("nightrun: The API refused this (409): ")


def test_half_an_answer_is_wrong_use(night: Night) -> None:
    shown = night.run("decide", "t1")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("nightrun: The answer is missing.\n")


def test_without_the_api_it_says_so(repo: Path) -> None:
    from click.testing import CliRunner

    from nightrun.cli import main

    shown = CliRunner().invoke(main, ["decide", "--repo", str(repo)])
    assert shown.exit_code == 75
    assert shown.stderr.startswith("nightrun: The nightrun API is not running here.\n")
