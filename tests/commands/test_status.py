from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.night import Night


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


def test_status_shows_what_is_known_and_then_what_is_left_without_the_api(night: Night) -> None:
    night.add("Write the parser")
    night.end("failed", error_class="gate", error_summary="2 tests failed")
    night.add("Name the flag")
    night.end("needs_decision", decision_prompt="Which name?")
    shown = night.run("status")
    assert shown.exit_code == 0
    assert "Name the flag: Which name?\n    make decide TASK=" in shown.stdout
    assert "failed 0 s ago, gate: 2 tests failed" in shown.stdout
    assert json.loads(night.run("status", "--json").stdout)["snapshot"]["counts"]["failed"] == 1
    assert "progress_to_goal" in json.loads(night.run("status", "--json").stdout)["effectiveness"]


def test_without_a_run_pauses_and_decisions_are_shown_as_well(night: Night) -> None:
    """A limit that was hit in the night was not to be seen in the morning."""
    night.add("Name the flag")
    night.end("needs_decision", decision_prompt="Which name?")
    night.client.pause("agent:codex", "limit: resets at 7", until=4e9, by="nightrun")
    night.client.pause("intake", "I am rebasing")
    night.close()
    shown = night.run("status").stdout
    assert "nothing is running; 0 running, 0 waiting" in shown
    assert "Name the flag: Which name?\n    make decide TASK=" in shown
    assert "limit: resets at 7 (by nightrun)\n    " in shown
    assert "nightrun pause --agent codex keeps it, make resume ends it" in shown
    assert "No new tasks are taken, until you resume it: I am rebasing (by person)\n    make resume" in shown
    agents = night.run("agents").stdout
    assert "limit: resets at 7 (nightrun pause --agent codex keeps it, make resume ends it)" in agents
    assert "No new tasks are taken, paused by person: I am rebasing (make resume)." in agents
    night.api.state.db.write_bytes(b"not a database at all" * 100)
    assert "nothing is running\n    make autonomous" in night.run("status").stdout
    assert night.run("agents").exit_code == 0


def test_status_of_a_repository_that_was_never_used(repo: Path) -> None:
    from click.testing import CliRunner

    from nightrun.cli import main

    shown = CliRunner().invoke(main, ["status", "--repo", str(repo)])
    assert shown.exit_code == 0
    assert f"{repo}: nothing is running" in shown.stdout
    assert not (repo / ".pipeline").exists()


def test_status_outside_of_a_repository(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from nightrun.cli import main

    shown = CliRunner().invoke(main, ["status"])
    assert shown.exit_code == 2
    assert shown.stderr == (
        f"nightrun: {tmp_path} is not inside a git repository.\n"
        "Run it inside one, or name one: --repo PATH (with make: REPO=PATH).\n"
    )
