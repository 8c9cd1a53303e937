"""Attempts that something else ended: sleep of the machine, and work that the next attempt goes on with."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nightrun.flows import (
    runner_attempt,
    runner_record,
    runner_recover,
    runner_resume,
    runner_room,
    runner_workspace,
    runner_world,
)
from nightrun.flows.runner_attempt import Judged
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.hands import clock, git_trust
from nightrun.words.agent import AgentSpec
from nightrun.words.outcome import Outcome
from nightrun.words.task import Task
from tests.commands.night import Night
from tests.conftest import seal
from tests.stories.night import program
from tests.story import commit_all, git_out, write

EIGHT_HOURS = 8 * 3600.0
OPEN = "workspace: {sandbox: off}\n"  # the agents leave their marks outside of the worktree
COMMAND = AgentSpec(name="mine", kind="command", program=None, command=("true",))


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.MonkeyPatch.context() as patch:
        seal(folder, patch)
        made = Night(folder / "project")
        gates = "".join(f"  {name}: {{gate: [[test, -e, work.txt]]}}\n" for name in ("spec", "impl", "test", "review"))
        write(made.root, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}limits: {{backoff: [1ms]}}\n{OPEN}")
        commit_all(made.root, "policy")
        yield made
        made.close()


@pytest.fixture
def world(nights: Night) -> World:
    """As of a run that has just begun: each test has a HOME, and so settings of git, of its own."""
    made = runner_world.make(nights.root, "runner-1")
    (made.state.path / git_trust.NAME).unlink(missing_ok=True)
    return made


def begin(night: Night, world: World, agent: AgentSpec = COMMAND) -> tuple[Task, Place]:
    task = night.claim()
    return task, runner_resume.begin(world, task, runner_workspace.prepare(world, task), agent)


def interrupt(world: World, task: Task, place: Place, kind: str = "interrupted", **more: Any) -> None:
    """As the runner does when an attempt does not complete."""
    judged = Judged(outcome=Outcome(kind=kind, summary="it was stopped"), agent="mine", **more)
    kept = runner_workspace.keep_work(world, task, place, kind)
    runner_record.not_completed(world, task, judged, kept, place)
    runner_workspace.leave(world, place, keep_branch=kept is not None)


def finish(night: Night, world: World, task: Task, place: Place) -> None:
    night.client.patch(task.id, fencing_token=task.fencing_token, status="completed")
    runner_workspace.leave(world, place, keep_branch=False)


# -- the machine slept


def test_an_attempt_that_the_machine_slept_through_is_nobodys_fault_and_its_time_was_not_eaten(
    nights: Night, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine "sleeps" for eight hours while the agent works, whose limits are 60 minutes and 10 of silence."""
    nights.add("Sleep through it", agent="script")
    task, place = begin(nights, world)
    awake, began = clock.boottime, tmp_path / "began"
    monkeypatch.setattr(clock, "boottime", lambda: awake() + (EIGHT_HOURS if began.exists() else 0.0))
    argv = ("sh", "-c", f"touch {began}; sleep 0.5; echo connection lost; exit 3")
    judged = runner_attempt.attempt(world, task, place, replace(COMMAND, command=argv))
    assert (judged.outcome.kind, judged.outcome.costs_an_attempt) == ("interrupted", False)
    assert judged.outcome.summary.startswith("the machine slept for 8 h meanwhile (agent: exit code 3")
    for _ in range(3):
        runner_record.pause(world, task, judged.outcome, "mine")
    assert nights.client.pauses() == []
    finish(nights, world, task, place)


def test_without_a_sleep_the_same_failure_is_the_agents(nights: Night, world: World) -> None:
    nights.add("Fail", agent="script")
    task, place = begin(nights, world)
    judged = runner_attempt.attempt(world, task, place, replace(COMMAND, command=("sh", "-c", "exit 3")))
    assert judged.outcome.kind == "agent"
    finish(nights, world, task, place)


# -- unfinished work


@pytest.mark.parametrize("kind", ["interrupted", "limit"])
def test_the_next_attempt_begins_with_what_an_interrupted_one_left(
    nights: Night, world: World, tmp_path: Path, kind: str
) -> None:
    nights.add("Go on", agent="script")
    task, place = begin(nights, world)
    assert (place.resumed, place.left_on) == ("", "")
    write(place.path, "work.txt", "half\n")
    write(place.path, "README.md", "mine\n")
    interrupt(world, task, place, kind)
    write(nights.root, f"landed-{kind}.txt", "of somebody else\n")
    commit_all(nights.root, f"meanwhile {kind}")
    nights.client.resume("agent:mine")
    again, second = begin(nights, world)
    assert (again.id, second.resumed) == (task.id, f"pipeline/{task.id}.1")
    assert (second.path / "work.txt").read_text() == "half\n"
    assert (second.path / f"landed-{kind}.txt").exists()
    argv = tuple(program("echo_prompt.py", str(tmp_path / "prompt")))
    judged = runner_attempt.attempt(world, again, second, replace(COMMAND, command=argv, channel="stdin"))
    assert (judged.outcome.kind, judged.changed) == ("completed", True)
    assert "begins with what it had changed" in " ".join((tmp_path / "prompt").read_text().split())
    assert git_out(nights.root, "show", f"pipeline/{task.id}.1:work.txt") == "half"
    finish(nights, world, again, second)


def test_also_when_the_runner_was_killed_and_could_tell_nothing(nights: Night, world: World) -> None:
    nights.add("Killed", agent="script")
    task, place = begin(nights, world)
    write(place.path, "work.txt", "half\n")
    nights.client.patch(task.id, status="pending", error_class="interrupted", error_summary="runner-1 went away")
    runner_recover.clear_worktrees(world)
    assert not place.path.exists()
    again, second = begin(nights, world)
    assert (second.path / "work.txt").read_text() == "half\n"
    finish(nights, world, again, second)


def test_what_does_not_fit_the_new_state_any_more_is_named_and_not_mixed_in(
    nights: Night, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    nights.add("Conflict", agent="script")
    task, place = begin(nights, world)
    write(place.path, "README.md", "mine, half done\n")
    interrupt(world, task, place)
    write(nights.root, "README.md", "theirs\n")
    commit_all(nights.root, "theirs")
    again, second = begin(nights, world)
    assert (second.resumed, second.left_on) == ("", f"pipeline/{task.id}.1")
    assert (second.path / "README.md").read_text() == "theirs\n"
    finish(nights, world, again, second)


def test_after_a_failure_of_its_own_an_attempt_begins_anew_and_so_does_a_script(nights: Night, world: World) -> None:
    nights.add("Anew", agent="script")
    task, place = begin(nights, world)
    write(place.path, "work.txt", "wrong\n")
    interrupt(world, task, place, "gate")
    nights.client.patch(task.id, ready_at=0)
    again, second = begin(nights, world)
    assert not (second.path / "work.txt").exists() and not second.resumed
    write(second.path, "work.txt", "half\n")
    interrupt(world, again, second)
    third, place = begin(nights, world, AgentSpec(name="script", kind="script", program=None))
    assert not place.resumed and not (place.path / "work.txt").exists()
    finish(nights, world, third, place)


# -- worktrees


def test_worktrees_that_nobody_needs_make_room_before_it_is_said_that_there_is_none(
    nights: Night, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = world.policy.model_copy(update={"limits": world.policy.limits.model_copy(update={"worktrees": 1})})
    monkeypatch.setattr(World, "policy", policy)
    nights.add("Leave it", agent="script")
    task, place = begin(nights, world)
    write(place.path, "work.txt", "half\n")
    nights.client.patch(task.id, status="failed", error_class="agent")
    assert runner_room.lacking(world) == ""
    assert not place.path.exists()
    assert git_out(nights.root, "show", f"pipeline/{task.id}.1:work.txt") == "half"
    somebodys = world.state.worktrees / "not-ours"
    somebodys.mkdir()
    assert runner_room.lacking(world).startswith("1 worktrees wait in .pipeline/worktrees")
    somebodys.rmdir()


def test_sleep_is_the_gap_between_two_clocks() -> None:
    gap = clock.boottime() - clock.monotonic()
    assert clock.asleep() == pytest.approx(max(0.0, gap), abs=1.0)
