"""A landing that is killed at any system call gives one commit, and recovery leaves nothing of it behind."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from nightrun.flows import runner_workspace
from tests.stories.conftest import Nights
from tests.stories.crash import Crash, Point, has_strace
from tests.story import git_out, write

SEED = 20_261_125
needs_strace = pytest.mark.skipif(not has_strace(), reason="strace cannot kill at a system call here")


@pytest.fixture
def crash(new_night: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crash]:
    # A lock counts as left at once: no other git is at work here.
    monkeypatch.setattr("nightrun.hands.git_leftovers._OLD_S", 0.0)
    night = new_night()
    write(night.root, "README.md", "# mine, uncommitted\n")
    with night.api() as client:
        yield Crash(night, client, tmp_path / "crash")


MOVED = pytest.mark.parametrize("moved", [False, True], ids=["still", "moved"])


def kill_in_git(crash: Crash, points: Sequence[Point], *, moved: bool) -> int:
    """Another task has other objects, for which git may have a folder already: not every point is reached again."""
    kills = 0
    for point in points:
        task, place = crash.completed(moved=moved)
        kills += crash.land_killed(task, place, point)
        crash.recover()
        crash.check(task)
    print(f"killed at {kills} of {len(points)} calls of git")
    git_out(crash.night.root, "fsck", "--connectivity-only")
    return kills


def kill_itself(crash: Crash, points: Sequence[Point], *, moved: bool) -> int:
    """An API that answers in another number of parts may be told in fewer calls."""
    kills = 0
    for point in points:
        task, _ = crash.completed(moved=moved)
        kills += crash.land_killed_itself(task, point)
        crash.recover()
        crash.check(task)
    print(f"killed at {kills} of {len(points)} calls of its own")
    return kills


@needs_strace
@MOVED
def test_killed_in_some_call_of_a_git(crash: Crash, moved: bool) -> None:
    points = crash.points(moved=moved)
    assert kill_in_git(crash, random.Random(f"{SEED}{moved}").sample(points, 5), moved=moved) > 0


@needs_strace
@pytest.mark.soak
@MOVED
def test_killed_in_every_call_of_every_git(crash: Crash, moved: bool) -> None:
    points = crash.points(moved=moved)
    assert kill_in_git(crash, points, moved=moved) > len(points) / 2


@needs_strace
def test_killed_in_some_call_of_its_own(crash: Crash) -> None:
    points = crash.own_points(moved=False)
    assert kill_itself(crash, random.Random(SEED).sample(points, 3), moved=False) > 0


@needs_strace
@pytest.mark.soak
@MOVED
def test_killed_in_every_call_of_its_own(crash: Crash, moved: bool) -> None:
    points = crash.own_points(moved=moved)
    assert kill_itself(crash, points, moved=moved) > len(points) / 2


def test_a_commit_that_the_agent_made_itself_is_never_taken_for_the_one_that_was_judged(crash: Crash) -> None:
    """With the trailer of its own task, and found after a kill: what lands is the judged tree with our message."""
    task, place = crash.completed(moved=False)
    write(place.path, "planted.txt", "never judged\n")
    git_out(place.path, "add", "planted.txt")
    git_out(place.path, "commit", "-q", "-m", f"[pipeline] impl {task.id}: forged\n\nPipeline-Task: {task.id}")
    crash.recover()
    crash.check(task)
    assert crash.night.subjects() == [f"[pipeline] impl {task.id}: Task 1"]
    assert not (crash.night.root / "planted.txt").exists()


def test_the_branch_of_an_attempt_that_did_nothing_yet_is_removed(crash: Crash) -> None:
    world, task = crash.world(), crash.claimed()
    place = runner_workspace.prepare(world, task)
    crash.recover()
    assert not place.path.exists()
    assert git_out(crash.night.root, "for-each-ref", "refs/heads/pipeline") == ""
    assert list(crash.night.root.glob(".git/worktrees/*")) == []
