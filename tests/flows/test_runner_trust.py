"""Settings that another command refused: a runner closes intake for them, until a person resumes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.flows import runner_trust, runner_world
from nightrun.hands import git_settings, git_trust
from nightrun.hands.git_trust import Distrusted
from tests.commands.night import Night
from tests.story import git_out, write


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    gates = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "impl", "test", "review"))
    write(made.root, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}")
    yield made
    made.close()


def test_what_verify_refused_is_not_taken_for_a_persons_by_the_next_run(night: Night) -> None:
    world = runner_world.make(night.root, "runner-1")
    watch = git_trust.watch(night.root)
    git_out(night.root, "config", "core.fsmonitor", "touch ran")
    with pytest.raises(Distrusted):
        watch.check("The gate")
    assert not runner_trust.is_given(world)
    assert [(one["scope"], one["by"]) for one in night.client.pauses()] == [("intake", runner_trust.BY)]
    assert not runner_trust.is_given(world)
    night.run("resume")
    assert runner_trust.is_given(world)
    assert git_trust.note(world.state)["trusted"] == git_settings.mark(night.root)
