"""`kill -9` of any part at any moment: at the end every task is terminal once and every completed one is one commit."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from nightrun.hands.client import ApiAway, Client
from tests.stories.conftest import Nights
from tests.stories.night import Night, all_tasks, check_one_commit_each, script, wait_until
from tests.story import git_out

PARTS = ("runner-1", "api", "monitor", "supervisor")
SEED = 20_261_125
POLICY = {
    "limits": {"attempts": 10, "backoff": ["200ms"]},
    "monitor": {"interval": "1s"},
}


def add(night: Night, count: int) -> list[str]:
    with night.api() as client:
        return [
            client.add_task(script(f"sleep 0.1; echo {n} >file{n}.txt", f"Task {n}"), "impl").id for n in range(count)
        ]


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


def unfinished(client: Client) -> int:
    tasks = all_tasks(client)
    return sum(one.status != "completed" or one.commit_state != "landed" for one in tasks)


def is_over(night: Night) -> bool:
    try:
        return unfinished(night.client) == 0
    except ApiAway:
        return False


def run_with_kills(night: Night, parts: tuple[str, ...], kills: int, tasks: int, chance: random.Random) -> None:
    ids = add(night, tasks)
    night.start("--until", "idle")
    night.ready()
    done = 0
    while done < kills and not is_over(night):
        time.sleep(chance.uniform(0.05, 0.9))
        done += kill(night, chance.choice(parts))
    assert done >= min(kills, 2), f"only {done} kills happened"
    # Parts that died often wait before they are started again; a person would stop and start as well.
    if night.run is not None and night.run.poll() is None:
        night.stop()
    for _ in range(3):
        night.until_idle()
        tasks_now = night.tasks()
        if all(one.commit_state == "landed" for one in tasks_now):
            break
    assert sorted(one.id for one in tasks_now) == sorted(ids)
    assert {(one.status, one.commit_state) for one in tasks_now} == {("completed", "landed")}, night.said()
    check_one_commit_each(night, tasks_now)
    for n in range(tasks):
        assert git_out(night.root, "show", f"main:file{n}.txt") == str(n)
    assert git_out(night.root, "status", "--porcelain") == ""
    assert night.left() == []
    assert list(night.root.glob(".git/**/*.lock")) == []
    assert [one.name for one in night.state.worktrees.iterdir()] == []


def test_any_part_killed_a_few_times(new_night: Nights) -> None:
    run_with_kills(new_night(POLICY), PARTS, kills=6, tasks=8, chance=random.Random(SEED))


@pytest.mark.soak
@pytest.mark.parametrize("part", PARTS)
def test_a_part_killed_at_ten_random_moments_of_twenty_tasks(new_night: Nights, part: str) -> None:
    run_with_kills(new_night(POLICY), (part,), kills=10, tasks=20, chance=random.Random(f"{SEED}{part}"))
