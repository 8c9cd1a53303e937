from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from nightrun.hands import clock


def test_now_is_the_wall_clock() -> None:
    assert abs(clock.now() - time.time()) < 5


def test_monotonic_and_boottime_go_forward() -> None:
    before = (clock.monotonic(), clock.boottime())
    clock.sleep(0.01)
    assert clock.monotonic() > before[0]
    assert clock.boottime() > before[1]


def test_boot_id_stays_the_same_within_a_boot() -> None:
    assert clock.boot_id() == clock.boot_id() != ""


def test_a_running_process_is_the_same_process() -> None:
    pid, start = clock.my_identity()
    assert pid == os.getpid()
    assert clock.is_same_process(pid, start)


def test_a_reused_pid_is_not_the_same_process() -> None:
    pid, start = clock.my_identity()
    assert not clock.is_same_process(pid, start - 10)


def test_an_ended_process_is_gone_even_before_it_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    identity = clock.process_identity(child.pid)
    assert identity is not None
    assert child.stdin is not None
    child.stdin.close()
    deadline = time.monotonic() + 10
    while clock.is_same_process(*identity) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert clock.process_identity(child.pid) is None
    child.wait()
    assert clock.process_identity(child.pid) is None


def test_no_process_has_pid_zero() -> None:
    assert clock.process_identity(0) is None


def test_disk_free_of_a_path_that_does_not_exist_yet_is_that_of_its_file_system(tmp_path: Path) -> None:
    assert 0 < clock.disk_free(tmp_path / "not" / "there") <= clock.disk_total(tmp_path)
