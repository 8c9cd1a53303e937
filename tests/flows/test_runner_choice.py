"""Which agent takes a task, and when one that has to wait is looked at again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.decisions.agent_choice import Waiting
from nightrun.flows import runner_choice, runner_world
from nightrun.hands import clock
from tests.commands.night import Night
from tests.story import commit_all, write


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    gates = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "impl", "test", "review"))
    write(made.root, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}")
    commit_all(made.root, "policy")
    yield made
    made.close()


def test_a_task_that_waits_for_a_pause_is_looked_at_again_when_the_first_agent_is_back(night: Night) -> None:
    """It was put off for 15 minutes although its agent's limit ended a moment later."""
    world, now = runner_world.make(night.root, "runner-1"), clock.now()

    def waits(*paused: str) -> float:
        return runner_choice.again_at(world, Waiting("why", paused)) - now

    assert waits() == pytest.approx(runner_choice.RECHECK_S, abs=30)
    assert waits("codex") == pytest.approx(0, abs=30), "it is back already"
    night.client.pause("agent:codex", "limit", until=now + 300, by="nightrun")
    night.client.pause("agent:claude", "limit", until=now + 200, by="nightrun")
    assert waits("codex", "claude") == pytest.approx(200, abs=1)
    night.client.pause("agent:claude", "mine", by="person")
    assert waits("codex", "claude") == pytest.approx(300, abs=1)
    assert waits("claude") == pytest.approx(runner_choice.RECHECK_S, abs=30)
    night.client.resume("agent:claude")
    assert waits("claude") == pytest.approx(0, abs=30)
