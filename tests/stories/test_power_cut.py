"""A power cut at any moment loses nothing that was acknowledged, and the next run goes on with one commit each."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from nightrun.hands.client import Client
from nightrun.words.errors import TryLater
from nightrun.words.task import Task
from tests.stories import power
from tests.stories.conftest import Nights
from tests.stories.crash import Crash
from tests.stories.night import Night, all_tasks, check_one_commit_each, script, wait_until
from tests.stories.power import Disk, Figures, Told
from tests.stories.test_killed import check_nothing_is_left
from tests.story import git_out

SEED = 20_261_127
RUNS = ("worktree", "worktree", "worktree", "root")
MOMENTS_S = (0.5, 2.0, 4.5, 8.0, 13.0)  # of each run; ext4 writes its journal every 5 s and data after up to 30 s
WAITING = 6  # tasks in the queue
POLICY = {
    "limits": {"attempts": 10, "backoff": ["200ms"], "disk_floor": "1MiB"},
    "monitor": {"disk_low": {"on": False}},
}

needs_a_disk = pytest.mark.skipif(power.cannot() is not None, reason=str(power.cannot()))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with power.disk(tmp_path) as made:
        yield made


@pytest.fixture
def night(disk: Disk, tmp_path: Path, new_night: Nights, request: pytest.FixtureRequest) -> Night:
    isolation = getattr(request, "param", "worktree")
    made = new_night({**POLICY, "project": {"isolation": isolation}}, "disk/repo")
    made.log = tmp_path / "run.log"
    power.call("sync", "-f", disk.path)
    return made


@needs_a_disk
def test_what_was_acknowledged_survives_a_power_cut(disk: Disk, night: Night, tmp_path: Path) -> None:
    from nightrun.flows import runner_land

    told, figures = Told(), Figures()
    with night.api() as client:
        crash = Crash(night, client, tmp_path / "crash")
        for moved in (False, True):
            task, place = crash.completed(moved=moved)
            told.added.add(task.id)
            told.hear([runner_land.land(crash.world(), task, place)])
            told.hear(all_tasks(client))
        image = disk.cut()
    disk.unmount()
    disk.mount(image)
    assert len(told.landed) == 2
    figures.look(night.root, told)
    assert (figures.lost, figures.corrupt) == ([], [])
    # The person's own checkout, too: git does not make durable what it writes there.
    assert (night.root / "changed.txt").read_text() == "2\n"


@needs_a_disk
@pytest.mark.soak
@pytest.mark.parametrize(("number", "isolation"), list(enumerate(RUNS)))
def test_power_cuts_in_a_real_run(tmp_path: Path, number: int, isolation: str) -> None:
    """Five of them, each recovered by the next run after another boot."""
    git_out(tmp_path, "config", "--global", "--unset", "core.fsync")  # as it is where nobody set it
    figures = Figures()
    with power.disk(tmp_path) as disk:
        night = Night(disk.path / "repo", {**POLICY, "project": {"isolation": isolation}})
        night.log = tmp_path / "run.log"
        night.call("setup")
        power.call("sync", "-f", disk.path)
        try:
            for image, told in cut_often(disk, night, random.Random(f"{SEED}{number}")):
                disk.unmount()
                disk.mount(image)
                figures.look(night.root, told)
                check_goes_on(night, tmp_path, told)
                image.unlink()
        finally:
            if night.run is not None:
                power.kill(night.run.pid)
            night.close()
    figures.say()
    assert (figures.lost, figures.corrupt) == ([], [])


def cut_often(disk: Disk, night: Night, chance: random.Random) -> list[tuple[Path, Told]]:
    """One run, whose disk is copied at several moments."""
    told, cuts = Told(), []
    night.start(*(["--runners", "2"] if night.policy["project"]["isolation"] == "worktree" else []))
    client, began = night.ready(), time.monotonic()
    for moment in MOMENTS_S:
        end = began + moment + chance.uniform(0, 1.5)
        while time.monotonic() < end:
            hear(night, client, told)
        assert night.run is not None
        with power.stopped(night.run.pid):
            cuts.append((disk.cut(), told.copy()))
    assert told.landed, night.said()
    power.kill(night.run.pid)
    wait_until(lambda: not night.left(), "everything of the run is gone")
    return cuts


def hear(night: Night, client: Client, told: Told) -> None:
    """And keep the queue filled; agents and the person use git as it is by itself, which hardens nothing."""
    told.hear(client.tasks(limit=20, order="newest")[0])
    if len(told.added) - len(told.landed) < WAITING:
        number = len(told.added)
        in_root = night.policy["project"]["isolation"] == "root"  # there an agent's own commit is refused
        own = ("", "; git add -A", "" if in_root else "; git add -A; git commit -qm own")[number % 3]
        told.add(client, script(f"echo {number} >file{number}.txt{own}", f"Task {number}"))
        if number % 5 == 4 and not in_root:
            git_out(night.root, "commit", "-q", "--allow-empty", "--no-verify", "-m", f"mine {number}")


def told_by(night: Night) -> list[Task]:
    """On a machine that does much else an API may not be up in time."""
    for _ in range(5):
        with suppress(TryLater):
            return night.tasks()
    return night.tasks()


def check_goes_on(night: Night, folder: Path, told: Told) -> None:
    night.start("--until", "idle", before=power.other_boot(folder))
    assert night.ended() == 0, night.said()
    tasks = told_by(night)
    assert {(one.status, one.commit_state) for one in tasks} <= {("completed", "landed")}, night.said()
    assert told.added <= {one.id for one in tasks}
    check_one_commit_each(night, tasks)
    try:
        check_nothing_is_left(night)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{night.said()}") from error
