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


def pauses(night: Night) -> list[tuple[str, str, str]]:
    return [(one["scope"], one["by"], one["reason"]) for one in night.client.pauses()]


def test_pause_stops_intake_and_keeps_the_reason(night: Night) -> None:
    night.add()
    shown = night.run("pause", "I am `rebasing`")
    said = "No new tasks are taken: I am `rebasing`. What runs is finished; then `make resume`.\n"
    assert (shown.exit_code, shown.stdout) == (0, said)
    assert pauses(night) == [("intake", "person", "I am `rebasing`")]
    with pytest.raises(AssertionError):
        night.claim()


def test_pause_of_one_agent(night: Night) -> None:
    assert night.run("pause", "--agent", "codex").stdout.startswith("Agent codex is paused: a person asked for it.")
    assert pauses(night) == [("agent:codex", "person", "a person asked for it")]
    night.add()
    assert night.claim().status == "running"


def test_pause_for_programs(night: Night) -> None:
    shown = json.loads(night.run("pause", "why", "--json").stdout)
    assert (shown["scope"], shown["by"], shown["reason"]) == ("intake", "person", "why")


def test_pause_where_nothing_ever_ran_says_so(repo: Path) -> None:
    from click.testing import CliRunner

    from nightrun.cli import main

    shown = CliRunner().invoke(main, ["pause", "--repo", str(repo)])
    assert (shown.exit_code, shown.stderr.splitlines()[0]) == (1, "nightrun: Nothing has run here yet.")
    assert not (repo / ".pipeline").exists()
