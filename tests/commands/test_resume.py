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


def test_resume_ends_every_pause_and_says_which(night: Night) -> None:
    night.client.pause("intake", "rebasing")
    night.client.pause("intake", "two identical faults", by="nightrun")
    night.client.pause("agent:codex", "usage limit", by="nightrun", until=4e9)
    shown = night.run("resume")
    assert shown.stdout.splitlines() == [
        "Agent codex is used again; nightrun had paused it: usage limit",
        "Tasks are taken again; nightrun had paused it: two identical faults",
        "Tasks are taken again; person had paused it: rebasing",
    ]
    assert night.client.pauses() == []
    assert night.run("resume").stdout == "Nothing was paused.\n"


def test_resume_of_one_agent_leaves_the_rest(night: Night) -> None:
    night.client.pause("intake", "rebasing")
    night.client.pause("agent:codex", "usage limit", by="nightrun")
    ended = json.loads(night.run("resume", "--agent", "codex", "--json").stdout)["ended"]
    assert [one["scope"] for one in ended] == ["agent:codex"]
    assert [one["scope"] for one in night.client.pauses()] == ["intake"]
    assert night.run("resume", "--agent", "codex").stdout == "Agent codex was not paused.\n"
