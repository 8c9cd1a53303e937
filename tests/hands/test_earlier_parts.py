from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from nightrun.hands import clock, earlier_parts

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"


@pytest.fixture
def part() -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen([sys.executable, "-I", "-c", STUBBORN], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None and child.stdout.readline()
    yield child
    child.kill()
    child.wait()


def test_one_that_does_not_end_by_itself_is_killed(part: subprocess.Popen[str]) -> None:
    who = clock.process_identity(part.pid)
    assert who is not None
    assert earlier_parts.end([who], grace_s=0.1) == [part.pid]
    assert not earlier_parts.alive([who])


def test_one_that_was_asked_and_ends_is_not_killed() -> None:
    child = subprocess.Popen(["sleep", "60"])
    who = clock.process_identity(child.pid)
    assert who is not None
    assert earlier_parts.end([who], grace_s=10.0) == [child.pid]


def test_a_stranger_that_has_the_pid_now_is_left_alone(part: subprocess.Popen[str]) -> None:
    who = clock.process_identity(part.pid)
    assert who is not None
    assert earlier_parts.end([(who[0], who[1] - 5.0), (0, 0.0), (-1, 0.0)], grace_s=0.0) == []
    assert part.poll() is None
