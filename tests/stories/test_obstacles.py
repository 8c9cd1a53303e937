"""What stands in the way of a run is said in a sentence of its own with its exit code, and nothing is lost by it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nightrun.hands import ballast
from nightrun.hands.client import ApiAway
from nightrun.hands.state_dir import StateDir
from tests.conftest import GITCONFIG
from tests.flows.api_world import Process
from tests.stories.conftest import Nights
from tests.stories.night import Night, check_one_commit_each, script, wait_until
from tests.story import git_out, write

Mounts = Callable[[Path, str], None]


def begin(where: Path, *args: str) -> tuple[int, str]:
    """Exit code of `nightrun autonomous` where it cannot begin, and what it says."""
    argv = [sys.executable, "-m", "nightrun", "autonomous", "--repo", str(where), *args]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(argv, cwd=where, env=env, capture_output=True, text=True, timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def add(night: Night, text: str = "echo a >a.txt") -> str:
    with night.api() as client:
        return client.add_task(script(text), "impl").id


# -- it does not begin


def test_a_directory_that_is_no_repository_is_2(tmp_path: Path) -> None:
    place = tmp_path / "plain"
    place.mkdir()
    code, said = begin(place)
    assert code == 2
    assert said.startswith(f"nightrun: {place} is not inside a git repository.\n")
    assert list(place.iterdir()) == []


def test_an_unborn_branch_is_1(tmp_path: Path) -> None:
    place = tmp_path / "new"
    place.mkdir()
    git_out(place, "init", "-q")
    gates = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test", "review"))
    write(place, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}")
    code, said = begin(place)
    assert code == 1
    assert said.startswith("nightrun: The branch main has no commit yet, so there is nothing to work from.\n")


def test_a_detached_head_and_a_missing_identity_are_1_and_nothing_is_lost_by_them(night: Night, sealed: Path) -> None:
    add(night)
    git_out(night.root, "checkout", "-q", "--detach")
    code, said = begin(night.root)
    assert code == 1
    assert said.startswith("nightrun: HEAD is detached, so it is not known where work shall land.\n")
    git_out(night.root, "checkout", "-q", "main")
    (sealed / ".gitconfig").write_text("[init]\n    defaultBranch = main\n")
    code, said = begin(night.root)
    assert code == 1
    assert said.startswith("nightrun: git does not know who commits here.\ngit config --global user.name")
    (sealed / ".gitconfig").write_text(GITCONFIG)
    assert night.until_idle() == 0, night.said()
    check_one_commit_each(night, night.tasks())
    assert len(night.subjects()) == 1


def test_without_commits_nobody_needs_to_be_known_and_the_work_is_kept(new_night: Nights, sealed: Path) -> None:
    night = new_night({"limits": {"attempts": 1}})
    done, broken = add(night), add(night, "echo b >b.txt; exit 1")
    (sealed / ".gitconfig").write_text("[init]\n    defaultBranch = main\n")
    assert night.until_idle(env={"PIPELINE_AUTO_COMMIT": "0"}) == 1, night.said()
    tasks = {one.id: one for one in night.tasks()}
    assert (tasks[done].status, tasks[done].commit_state) == ("completed", "none")
    assert tasks[broken].status == "failed"
    (sealed / ".gitconfig").write_text(GITCONFIG)
    assert git_out(night.root, "show", f"{tasks[done].branch}:a.txt") == "a"
    assert git_out(night.root, "show", f"{tasks[broken].branch}:b.txt") == "b"
    night.call("commit", done)
    assert len(night.subjects()) == 1


def test_a_bad_policy_is_78_with_all_its_problems_at_once(night: Night) -> None:
    write(night.root, "pipeline.yaml", "version: 1\nprojct: {}\nlimits: {attempts: none}\ntask_types: {imp: {}}\n")
    code, said = begin(night.root)
    assert code == 78
    for text in (
        "pipeline.yaml:2",
        "pipeline.yaml:3",
        "pipeline.yaml:4",
        "did you mean project?",
        "did you mean impl?",
    ):
        assert text in said


def test_a_second_run_is_75_and_leaves_the_first_alone(night: Night) -> None:
    add(night, "sleep 3; echo a >a.txt")
    night.start("--until", "idle")
    night.ready()
    code, said = begin(night.root)
    assert code == 75
    assert said.startswith(
        f"nightrun: nightrun already works on {night.root} (supervisor pid {night.run and night.run.pid})."
    )
    assert night.ended() == 0, night.said()
    assert len(night.subjects()) == 1


# -- it begins, and waits


def test_a_merge_in_progress_holds_the_landing_until_the_person_has_ended_it(night: Night) -> None:
    git_out(night.root, "checkout", "-q", "-b", "side")
    write(night.root, "README.md", "side\n")
    git_out(night.root, "commit", "-q", "-am", "side")
    git_out(night.root, "checkout", "-q", "main")
    write(night.root, "README.md", "main\n")
    git_out(night.root, "commit", "-q", "-am", "main")
    assert subprocess.run(["git", "merge", "-q", "side"], cwd=night.root, capture_output=True).returncode == 1
    task = add(night)
    night.start()
    night.ready()
    wait_until(lambda: night.client.task(task).commit_state == "held", "the landing is held")
    assert "a merge is in progress here: nothing lands in this checkout before its end" in night.log.read_text()
    assert "<<<<<<<" in (night.root / "README.md").read_text()
    write(night.root, "README.md", "both\n")
    git_out(night.root, "commit", "-q", "-am", "merged")
    wait_until(lambda: night.client.task(task).commit_state == "landed", "it lands")
    assert night.stop() == 0
    assert git_out(night.root, "show", "main:README.md") == "both"
    check_one_commit_each(night, night.tasks())


# -- a full disk


@pytest.fixture
def mount() -> Iterator[Mounts]:
    """A small file system of its own; skipped where that is not allowed."""
    made: list[Path] = []

    def make(where: Path, options: str) -> None:
        where.mkdir(parents=True)
        argv = ["mount", "-t", "tmpfs", "-o", options, "nightrun-test", str(where)]
        done = subprocess.run(argv, capture_output=True, text=True) if shutil.which("mount") else None
        if done is None or done.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {done.stderr.strip() if done else 'no mount program'}")
        made.append(where)

    yield make
    for where in reversed(made):
        subprocess.run(["umount", "-l", str(where)], check=True)


def test_below_the_floor_nothing_is_begun_and_it_goes_on_when_there_is_room(
    new_night: Nights, mount: Mounts, tmp_path: Path
) -> None:
    mount(tmp_path / "small", "size=48m")
    night = new_night({"limits": {"disk_floor": "24MiB"}}, name="small/repo")
    task = add(night)
    filler = tmp_path / "small" / "filler"
    filler.write_bytes(bytes(30 << 20))
    night.start("--until", "idle")
    night.ready()
    pauses = wait_until(lambda: night.client.pauses(), "intake is paused")
    assert "are free on the disk, the policy wants 24 MiB" in pauses[0]["reason"]
    assert night.client.task(task).attempt == 0
    filler.unlink()
    assert night.ended() == 0, night.said()
    check_one_commit_each(night, night.tasks())


def test_a_disk_that_fills_up_costs_no_attempt_and_loses_nothing(
    new_night: Nights, mount: Mounts, tmp_path: Path
) -> None:
    mount(tmp_path / "small", "size=32m")
    night = new_night({"limits": {"disk_floor": "1MiB"}}, name="small/repo")
    once = tmp_path / "once"
    text = (
        f"test -e {once} || {{ : >{once}; dd if=/dev/zero of='{tmp_path}/small/filler' bs=4k || true; }}; echo a >a.txt"
    )
    task = add(night, text)
    night.start("--until", "idle")
    night.ready()
    wait_until(once.exists, "the agent fills the disk")
    wait_until(lambda: "the policy wants 1 MiB" in night.said(), "it is said")
    (tmp_path / "small" / "filler").unlink()
    assert night.ended() == 0, night.said()
    (done,) = night.tasks()
    assert (done.id, done.failures) == (task, 0)
    check_one_commit_each(night, [done])
    assert git_out(night.root, "status", "--porcelain") == ""
    assert StateDir(night.root).db.exists()


@pytest.mark.soak
def test_a_disk_without_inodes_is_a_full_one(new_night: Nights, mount: Mounts, tmp_path: Path) -> None:
    """Fault 30. Its short form: tests/decisions/test_room.py and tests/hands/test_clock.py."""
    mount(tmp_path / "small", "size=256m,nr_inodes=4000")
    night = new_night({"limits": {"disk_floor": "1MiB"}}, name="small/repo")
    task, filler = add(night), tmp_path / "small" / "filler"
    filler.mkdir()
    with contextlib.suppress(OSError):
        for number in range(4000):
            (filler / str(number)).touch()
    for number in range(100):
        (filler / str(number)).unlink()
    night.start("--until", "idle")
    night.ready()
    pauses = wait_until(lambda: night.client.pauses(), "intake is paused")
    assert "more files is on the disk, there should be room for 200" in pauses[0]["reason"]
    assert night.client.task(task).attempt == 0
    shutil.rmtree(filler)
    assert night.ended() == 0, night.said()
    check_one_commit_each(night, night.tasks())


def test_on_a_full_disk_the_ballast_is_given_up_and_what_happened_is_recorded(mount: Mounts, tmp_path: Path) -> None:
    """Fault 28: nothing can be written any more, and the end of a task is told all the same."""
    small = tmp_path / "small"
    mount(small, "size=24m")
    api = Process(small / "repo").ready()
    try:
        client = api.client()
        task = client.add_task("Do it", "impl")
        assert ballast.keep(api.state.path, 2 << 20)
        with contextlib.suppress(OSError), (small / "filler").open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        said, end = "x" * 10_000, time.monotonic() + 30
        with pytest.raises(ApiAway, match="full"):
            while time.monotonic() < end:
                client.patch(task.id, context={"note": said + str(time.monotonic())})
        assert not (api.state.path / ballast.NAME).exists()
        assert client.patch(task.id, status="failed", error_class="disk").status == "failed"
        assert "the room of ballast is given back" in api.log.read_text()
        (small / "filler").unlink()
        assert client.task(task.id).error_class == "disk"
    finally:
        api.kill()
