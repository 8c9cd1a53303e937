"""Programs that take too much of the machine: bounded ones, and far from what would hurt it."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from nightrun.hands import process, resources, survivors
from nightrun.hands.resources import Bounds

AGENTS = Path(__file__).parents[1] / "agents"
MARK = f"nightrun-test-resources-{os.getpid()}"
MIB = 1 << 20


def agent(tmp_path: Path, *argv: str, bounds: Bounds, timeout_s: float = 60.0) -> process.Ended:
    return process.run_agent(
        argv,
        cwd=tmp_path,
        env=dict(os.environ),
        stdin=None,
        log=tmp_path / "log",
        timeout_s=timeout_s,
        silence_s=None,
        should_stop=lambda: False,
        marker=MARK,
        bounds=bounds,
    )


@pytest.mark.parametrize(
    ("name", "most", "bounds", "reason"),
    [
        ("memory_hog.py", "600", Bounds(memory=150 * MIB), "memory"),
        ("fork_bomb.py", "120", Bounds(processes=40), "processes"),
    ],
)
def test_what_it_started_counts_with_it_and_all_of_it_is_ended(
    tmp_path: Path, name: str, most: str, bounds: Bounds, reason: str
) -> None:
    ended = agent(tmp_path, sys.executable, str(AGENTS / name), most, bounds=bounds)
    assert ended.reason == reason
    assert survivors.marked(MARK) == []


def test_what_stays_below_its_bounds_is_left_alone(tmp_path: Path) -> None:
    bounds = Bounds(memory=500 * MIB, processes=20)
    ended = agent(tmp_path, "sh", "-c", "sleep 1.2; echo done", bounds=bounds)
    assert (ended.reason, ended.code, ended.tail) == ("exit", 0, b"done\n")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own numbers are read")
def test_memory_that_processes_share_counts_once(tmp_path: Path) -> None:
    """Four forks of one program with 60 MiB: 240 MiB by each, 60 MiB together."""
    text = "import os, time\nheld = os.urandom(60 << 20)\n[os.fork() for _ in range(2)]\ntime.sleep(1.5)\n"
    assert agent(tmp_path, sys.executable, "-c", text, bounds=Bounds(memory=150 * MIB)).reason == "exit"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux is told")
def test_the_kernel_is_told_to_end_it_first(tmp_path: Path) -> None:
    ended = agent(tmp_path, "sh", "-c", "sleep 0.3; cat /proc/self/oom_score_adj", bounds=Bounds())
    assert ended.tail == b"500\n"


def test_free_memory_is_some_and_not_more_than_there_is() -> None:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < resources.free_memory() <= total


def test_a_look_at_all_processes_costs_little(tmp_path: Path) -> None:
    leader = survivors.leader(os.getpid(), None, frozenset())
    began = time.process_time()
    for _ in range(5):
        survivors.family(leader, adopts=False, not_these=())
    each = (time.process_time() - began) / 5
    assert each < 0.2 * resources.LOOK_S
