from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import nightrun
from nightrun.hands import parent

TOOLS = Path(nightrun.__file__).parents[1]
PART = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from nightrun.hands import parent
parent.watch(check_s=0.05)
print(os.getpid(), flush=True)
time.sleep(60)
"""
# Starts the part, tells its pid, and ends at once.
PARENT = """
import os, subprocess, sys
env = {**os.environ, "NIGHTRUN_PARENT": str(os.getpid())}
part = subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], env=env, stdout=subprocess.PIPE, text=True)
print(part.stdout.readline(), flush=True)
os._exit(0)
"""


def test_a_part_ends_when_its_parent_is_gone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PARENT, PART, str(TOOLS)], capture_output=True, text=True, timeout=20, check=True
    )
    pid = int(done.stdout)
    for _ in range(100):
        if not is_running(pid):
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    pytest.fail("the part outlived its parent")


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]
    except OSError:
        return False


def test_a_part_that_was_started_by_hand_watches_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not parent.watch()
    monkeypatch.setenv(parent.VARIABLE, "not a pid")
    assert not parent.watch()


def test_a_parent_that_was_gone_before_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(parent.VARIABLE, "1")
    gone: list[int] = []
    assert parent.watch(lambda: gone.append(1), check_s=0.01)
    time.sleep(0.2)
    assert gone == [1]
