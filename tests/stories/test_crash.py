"""A landing that is killed at any system call gives one commit, and recovery leaves nothing of it behind."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from nightrun.flows import runner_land, runner_workspace
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.hands import git_change, git_settings, git_worktree
from nightrun.words.task import Task
from tests.stories.conftest import Nights
from tests.stories.crash import Crash, Point, Step, has_strace
from tests.stories.night import all_tasks
from tests.story import git_out, write

SEED = 20_261_125
needs_strace = pytest.mark.skipif(not has_strace(), reason="strace cannot kill at a system call here")


@pytest.fixture
def crash(new_night: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crash]:
    # A lock counts as left at once: no other git is at work here.
    monkeypatch.setattr("nightrun.hands.git_leftovers._OLD_S", 0.0)
    night = new_night()
    # Known from the beginning, so that every landing has the same gits.
    monkeypatch.setattr(git_settings, "_SETTLED_S", -1.0)
    git_settings.mark(night.root)
    write(night.root, "README.md", "# mine, uncommitted\n")
    with night.api() as client:
        yield Crash(night, client, tmp_path / "crash")


MODES = pytest.mark.parametrize("mode", ["still", "moved", "elsewhere"])


class Steps:
    """A step of a runner, again and again: before it, it itself, and what must be true after a kill and recovery."""

    def __init__(self, crash: Crash, mode: str) -> None:
        self.crash, self.mode = crash, mode
        if mode == "elsewhere":  # the target is not checked out
            git_out(crash.night.root, "switch", "-q", "-c", "elsewhere")

    def begin(self) -> Step:
        raise NotImplementedError

    def check(self) -> None:
        raise NotImplementedError

    def points(self) -> list[Point]:
        found = self.crash.points(self.begin())
        self.crash.recover()
        self.check()
        return found

    def kill_at(self, points: Sequence[Point]) -> int:
        """Another task has other objects, for which git may have a folder already: not every point is reached again."""
        kills = 0
        for point in points:
            kills += self.crash.killed(self.begin(), point)
            self.crash.recover()
            self.check()
        print(f"killed at {kills} of {len(points)} calls of git")
        git_out(self.crash.night.root, "fsck", "--connectivity-only")
        return kills


class Landing(Steps):
    def begin(self) -> Step:
        self.task, place = self.crash.completed(moved=self.mode == "moved")
        return lambda world: runner_land.land(world, self.task, place)

    def check(self) -> None:
        self.crash.check(self.task)


class Beginning(Steps):
    def begin(self) -> Step:
        task = self.crash.claimed()
        return lambda world: runner_workspace.prepare(world, task)

    def check(self) -> None:
        assert git_out(self.crash.night.root, "for-each-ref", "refs/heads/pipeline") == ""
        self.crash.check_clean()


class GivingUp(Steps):
    """What the agent did is kept on its branch, whenever its runner is killed."""

    def begin(self) -> Step:
        world, task = self.crash.world(), self.crash.claimed()
        place = runner_workspace.prepare(world, task)
        self.branch = place.branch
        write(place.path, "half.txt", "half\n")

        def give_up(world: World) -> None:
            kept = runner_workspace.keep_work(world, task, place, "agent")
            runner_workspace.leave(world, place, keep_branch=kept is not None)

        return give_up

    def check(self) -> None:
        assert "half.txt" in self.crash.files(self.branch)
        self.crash.check_clean()


def kill_itself(crash: Crash, points: Sequence[Point], *, moved: bool, beside: bool = False) -> int:
    """An API that answers in another number of parts may be told in fewer calls."""
    kills = 0
    for point in points:
        task, _ = crash.completed(moved=moved)
        kills += crash.land_killed_itself(task, point, beside=beside)
        crash.recover()
        crash.check(task)
    print(f"killed at {kills} of {len(points)} calls of its own")
    return kills


@needs_strace
@pytest.mark.parametrize("steps", [Landing, Beginning, GivingUp])
def test_killed_in_some_call_of_a_git(crash: Crash, steps: type[Steps]) -> None:
    step = steps(crash, "moved")
    points = step.points()
    assert step.kill_at(random.Random(f"{SEED}{steps}").sample(points, 4)) > 0


@needs_strace
@pytest.mark.soak
@MODES
def test_landing_killed_in_every_call_of_every_git(crash: Crash, mode: str) -> None:
    step = Landing(crash, mode)
    points = step.points()
    assert step.kill_at(points) > len(points) / 2


@needs_strace
@pytest.mark.soak
@pytest.mark.parametrize("steps", [Beginning, GivingUp])
def test_an_attempt_killed_in_every_call_of_every_git(crash: Crash, steps: type[Steps]) -> None:
    step = steps(crash, "still")
    points = step.points()
    assert step.kill_at(points) > len(points) / 2


@needs_strace
def test_killed_in_some_call_of_its_own(crash: Crash) -> None:
    points = crash.own_points(moved=False, beside=False)
    assert kill_itself(crash, random.Random(SEED).sample(points, 3), moved=False) > 0


@needs_strace
@pytest.mark.soak
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside"])
@pytest.mark.parametrize("moved", [False, True], ids=["still", "moved"])
def test_killed_in_every_call_of_its_own(crash: Crash, moved: bool, beside: bool) -> None:
    """`beside`: while a thread of it clears up."""
    points = crash.own_points(moved=moved, beside=beside)
    assert kill_itself(crash, points, moved=moved, beside=beside) > len(points) / 2


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


@pytest.mark.parametrize("taken", [b"", b"\0" * 40], ids=["empty", "zeros"])
@pytest.mark.parametrize("there", [True, False], ids=["folder", "no folder"])
def test_a_worktree_of_the_target_that_a_power_cut_broke_is_removed(crash: Crash, taken: bytes, there: bool) -> None:
    """git writes its small files without making them durable; what it keeps of it stayed for ever."""
    folder = crash.night.state.worktrees / "target.runner-2"
    git_worktree.add(crash.night.root, folder, None, "main")
    entry = crash.night.root / ".git/worktrees/target.runner-2"
    (entry / "gitdir").write_bytes(taken)
    (entry / "nightrun-index.1.0581fad4").touch()
    os.utime(entry, (0, 0))  # before the boot
    if not there:
        shutil.rmtree(folder)
    crash.recover()
    crash.check_clean()


def interrupted_in(crash: Crash) -> tuple[Task, Place]:
    """An attempt whose runner was killed when its agent had done half of its work."""
    world, task = crash.world(), crash.claimed()
    place = runner_workspace.prepare(world, task)
    write(place.path, "half.txt", "half\n")
    return task, place


def test_half_done_work_in_the_project_root_is_kept_and_put_back(new_night: Nights, tmp_path: Path) -> None:
    night = new_night({"project": {"isolation": "root"}})
    with night.api() as client:
        crash = Crash(night, client, tmp_path / "crash")
        _, place = interrupted_in(crash)
        assert place.path == night.root
        crash.recover()
        assert git_out(night.root, "status", "--porcelain") == ""
        assert "half.txt" in crash.files(place.branch)
        # What a person writes there later is theirs.
        write(night.root, "mine.txt", "mine\n")
        crash.recover()
        assert git_out(night.root, "status", "--porcelain") == "?? mine.txt"


def test_half_done_work_on_top_of_finished_work_is_kept_and_put_back(crash: Crash) -> None:
    """With auto-commit off the next task of a chain works on in the same worktree."""
    first, place = crash.completed(moved=False)
    crash.client.patch(first.id, commit_state="none")
    crash.client.add_task("Next", "test", context={"follows": first.id}, depends_on=[first.id])
    world = crash.world()

    task = crash.claim()
    assert runner_workspace.prepare(world, task).path == place.path
    write(place.path, "half.txt", "half\n")
    crash.client.patch(task.id, status="pending", fencing_token=task.fencing_token, error_class="interrupted")
    again = runner_workspace.prepare(world, crash.claim())
    assert again.path == place.path
    assert not (place.path / "half.txt").exists()
    assert git_change.snapshot(again.path) == again.base_tree == first.tree
    assert "half.txt" in crash.files(f"pipeline/{task.id}.1")


def test_what_follows_a_task_is_added_once_when_its_runner_was_killed_before_that(
    new_night: Nights, tmp_path: Path
) -> None:
    night = new_night({"task_types": {"impl": {"next": "test"}}})
    with night.api() as client:
        crash = Crash(night, client, tmp_path / "crash")
        task, _ = crash.completed(moved=False)
        crash.recover()
        crash.recover()
        followers = [one for one in all_tasks(client) if one.task_type == "test"]
        assert [one.depends_on for one in followers] == [(task.id,)]
