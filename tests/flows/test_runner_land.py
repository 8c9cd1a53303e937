"""From a completed task to its commit on the target, on a real repository: what conflicts, and does so again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.flows import runner_land, runner_world
from nightrun.words.task import Task
from tests.commands.night import Night
from tests.story import commit_all, git_out, write


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    gates = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test", "review"))
    write(made.root, "pipeline.yaml", f"version: 1\nlimits: {{attempts: 2}}\ntask_types:\n{gates}")
    write(made.root, "names.txt", "names:\n")
    commit_all(made.root, "policy")
    yield made
    made.close()


def conflicting(night: Night, number: int) -> Task:
    """The next attempt has completed, and a person changed the same line in the meantime."""
    task = night.claim()
    base = git_out(night.root, "rev-parse", "HEAD")
    write(night.root, "names.txt", f"names: attempt {number}\n")
    git_out(night.root, "add", "names.txt")
    tree = git_out(night.root, "write-tree")
    write(night.root, "names.txt", f"names: person {number}\n")
    commit_all(night.root, f"meanwhile {number}")
    return night.client.patch(
        task.id,
        fencing_token=task.fencing_token,
        status="completed",
        commit_state="pending",
        tree=tree,
        base=base,
        branch=f"pipeline/{task.id}.{number}",
        gate={"result": "passed", "seconds": 0.1, "commands": ["true"], "tree": tree},
    )


def test_a_task_that_conflicts_again_and_again_ends_with_a_question(night: Night) -> None:
    """limits.attempts: 2. It was tried for ever before: a conflict counted as a failure, and nothing looked at it."""
    world = runner_world.make(night.root, "runner-1")
    night.add("Add yourself to names.txt")
    task = conflicting(night, 1)
    back = runner_land.land(world, task, runner_land.place_of(world, task))
    assert (back.status, back.failures, back.error_class) == ("pending", 1, "conflict")
    task = conflicting(night, 2)
    back = runner_land.land(world, task, runner_land.place_of(world, task))
    assert (back.status, back.failures, back.error_class) == ("needs_decision", 2, "conflict")
    tip = git_out(night.root, "rev-parse", "main")
    assert back.decision_prompt == (
        f"Its work is done and cannot land: it conflicts in names.txt with what landed on main meanwhile ({tip[:10]})."
        f" 2 attempts failed (limits.attempts), so it is not tried again by itself. The work is on branch"
        f" pipeline/{task.id}.2. What shall the next attempt do differently?"
    )
    assert git_out(night.root, "show", "main:names.txt") == "names: person 2", "neither theirs nor ours"
    for number in (1, 2):
        assert git_out(night.root, "show", f"pipeline/{task.id}.{number}:names.txt") == f"names: attempt {number}"
    assert "cannot land: it conflicts in names.txt" in night.run("decide").stdout
    assert "cannot land: it conflicts in names.txt" in night.run("explain", task.id).stdout
    answered = night.client.patch(task.id, decision="keep both names")
    assert (answered.status, answered.failures) == ("pending", 0)
