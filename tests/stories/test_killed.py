"""`kill -9` of any part at any moment: at the end every task is terminal once and every completed one is one commit."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from nightrun.hands.client import ApiAway, Refused
from tests.stories.conftest import Nights
from tests.stories.night import Night, all_tasks, check_one_commit_each, script, wait_until
from tests.story import git_out

PARTS = ("runner-1", "api", "monitor", "supervisor")
SEED = 20_261_125
# Kills within one run: a part that dies more often than five times in ten minutes is given up (reliability.md S2).
MOST_OF_A_RUN = 4
POLICY = {
    "limits": {"attempts": 10, "backoff": ["200ms"]},
    "monitor": {"interval": "1s"},
}


def add(night: Night, count: int, pause_s: float) -> list[str]:
    with night.api() as client:
        directions = [script(f"sleep {pause_s}; echo {n} >file{n}.txt", f"Task {n}") for n in range(count)]
        return [client.add_task(one, "impl").id for one in directions]


def kill(night: Night, part: str) -> bool:
    """False when it is not there just now."""
    assert night.run is not None
    try:
        pid = night.run.pid if part == "supervisor" else night.pids(part)
        os.kill(pid, signal.SIGKILL)
    except (OSError, KeyError, ValueError):
        return False
    if part == "supervisor":
        night.run.wait()
        wait_until(lambda: not night.left(), "the parts of a killed supervisor and their agents are gone")
        night.start("--until", "idle")
    return True


def is_over(night: Night) -> bool:
    """Whether all tasks have landed; a person answers for those that wait for one."""
    try:
        tasks = all_tasks(night.client)
        for one in tasks:
            if one.status == "needs_decision":
                night.client.patch(one.id, decision="try again")
        return all(one.commit_state == "landed" for one in tasks)
    except (ApiAway, Refused):
        return False


def run_with_kills(
    night: Night, parts: tuple[str, ...], kills: int, tasks: int, chance: random.Random, pause_s: float = 0.1
) -> None:
    ids = add(night, tasks, pause_s)
    night.start("--until", "idle")
    night.ready()
    done, of_this_run = 0, 0
    while done < kills and not is_over(night):
        if of_this_run >= MOST_OF_A_RUN or night.run is None or night.run.poll() is not None:
            if night.run is not None and night.run.poll() is None:
                night.stop()
            night.start("--until", "idle")
            night.ready()
            of_this_run = 0
        time.sleep(chance.uniform(0.05, 0.9))
        killed = kill(night, chance.choice(parts))
        done, of_this_run = done + killed, of_this_run + killed
    print(f"{done} kills of {', '.join(parts)}")
    assert done == kills, f"only {done} kills happened before all was done"
    check_all_landed_once(night, ids)


def check_all_landed_once(night: Night, ids: list[str]) -> None:
    """Parts that died often wait before they are started again; a person would stop and start as well."""
    if night.run is not None and night.run.poll() is None:
        night.stop()
    for _ in range(3):
        night.until_idle()
        with night.api():
            over = is_over(night)
        if over:
            break
    tasks = night.tasks()
    assert sorted(one.id for one in tasks) == sorted(ids)
    assert {(one.status, one.commit_state) for one in tasks} == {("completed", "landed")}, night.said()
    check_one_commit_each(night, tasks)
    for n in range(len(ids)):
        assert git_out(night.root, "show", f"main:file{n}.txt") == str(n)
    check_nothing_is_left(night)


def check_nothing_is_left(night: Night) -> None:
    """No process, no lock, no worktree, no branch of what has landed, no half-written file."""
    assert git_out(night.root, "status", "--porcelain") == ""
    assert night.left() == []
    assert list(night.root.glob(".git/**/*.lock")) == []
    # The root's own index is marked while it is as we left it.
    assert {one.name for one in night.root.glob(".git/**/nightrun-*")} <= {"nightrun-index"}
    assert [one.name for one in night.state.worktrees.iterdir()] == []
    assert len(git_out(night.root, "worktree", "list", "--porcelain").split("worktree ")) == 2
    assert list(night.root.glob(".git/worktrees/*")) == []
    # What an interrupted attempt had done already is kept on its branch; all other branches are gone.
    kept = git_out(
        night.root, "for-each-ref", "--format=%(refname:short) %(subject)", "refs/heads/pipeline"
    ).splitlines()
    assert [one for one in kept if "nightrun: kept work" not in one] == []
    assert list(night.state.outbox.iterdir()) == []
    assert list(night.state.locks.glob("attempt-*")) == []
    assert [one for one in night.state.path.glob("prompts/*")] == []
    assert list(night.state.path.rglob(".*.new")) == []
    assert not (night.state.path / "landing.json").exists()


def test_any_part_killed_a_few_times(new_night: Nights) -> None:
    night = new_night(POLICY)
    run_with_kills(night, PARTS, 5, 7, random.Random(SEED))
    assert len(night.subjects()) == 7


@pytest.mark.soak
@pytest.mark.parametrize("part", PARTS)
def test_a_part_killed_at_ten_random_moments_of_twenty_tasks(new_night: Nights, part: str) -> None:
    pause_s = 1.5 if part == "monitor" else 0.1  # nothing waits for a monitor that is started again
    night = new_night(POLICY)
    run_with_kills(night, (part,), 10, 20, random.Random(f"{SEED}{part}"), pause_s)
    assert len(night.subjects()) == 20


@pytest.mark.soak
def test_parts_killed_while_agents_work_in_the_project_root(new_night: Nights) -> None:
    night = new_night({**POLICY, "project": {"isolation": "root"}})
    run_with_kills(night, ("runner-1", "supervisor"), 10, 20, random.Random(f"{SEED}root"), 0.5)


@pytest.mark.soak
def test_parts_killed_while_two_runners_work(new_night: Nights) -> None:
    night = new_night({**POLICY, "project": {"runners": 2}})
    run_with_kills(night, (*PARTS, "runner-2"), 15, 30, random.Random(f"{SEED}two"), 0.5)
