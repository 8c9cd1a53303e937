"""After an I/O error that a git met, nothing new is begun until a person looked at the disk (reliability.md D12)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.flows import runner_durable, runner_world
from nightrun.flows.runner import Runner
from nightrun.hands import git
from nightrun.hands.git import GitFailed
from tests.commands.night import Night
from tests.story import commit_all, write

UNREADABLE = Path("/proc/self/mem")  # its first page: read(2) gives EIO, see proc(5)


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    gates = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test", "review"))
    write(made.root, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}")
    commit_all(made.root, "policy")
    yield made
    made.close()


@pytest.mark.skipif(not UNREADABLE.exists(), reason="there is no /proc here")
def test_a_fault_that_a_git_met_closes_intake_once(night: Night) -> None:
    world = runner_world.make(night.root, "runner-1")
    night.add("Do it")
    assert not runner_durable.met_fault(world)
    with pytest.raises(GitFailed, match="Input/output error"):
        git.run(night.root, "commit-tree", "-F", str(UNREADABLE), "HEAD^{tree}")
    Runner(world, recover_at=None, unlanded=False)._round()
    (closed,) = night.client.pauses()
    assert (closed["scope"], closed["by"]) == ("intake", "disk")
    assert "look at the kernel's log" in closed["reason"]
    assert [one.status for one in night.client.tasks()[0]] == ["pending"]
    assert not runner_durable.met_fault(world), "a person who resumes is believed"


def test_what_a_file_is_called_is_no_fault(night: Night) -> None:
    with pytest.raises(GitFailed, match="x: Input/output error"):
        git.run(night.root, "hash-object", "x: Input/output error")
    assert not git.io_error()
