"""The lock against sleep, with a program that stands where the system's own would be."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import nightrun
from nightrun.hands import awake, clock
from nightrun.hands.awake import Awake
from tests.story import write

TOOLS = str(Path(nightrun.__file__).parents[1])
# It keeps a file as long as the program behind it runs, as systemd-inhibit keeps a lock.
HOLDS = """#!/bin/sh
for one; do case $one in --*) shift ;; *) break ;; esac; done
echo $$ >"$LOCK"
"$@"
rm "$LOCK"
"""
REFUSES = "#!/bin/sh\necho 'Failed to inhibit: Access denied' >&2\nexit 1\n"


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOCK", str(tmp_path / "lock"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return tmp_path / "lock"


def install(tmp_path: Path, text: str) -> None:
    write(tmp_path, "bin/systemd-inhibit", text).chmod(0o755)


def until(what: Callable[[], object], step: Callable[[], object] = lambda: None) -> None:
    end = time.monotonic() + 20
    while not what():
        step()
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_it_is_held_while_there_is_work_and_given_back_a_while_after(
    tmp_path: Path, lock: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, HOLDS)
    said: list[str] = []
    one = Awake(said.append, awake.inhibitor("linux"))
    one.want(False)
    assert not lock.exists() and not one.pids
    until(lambda: said, lambda: one.want(True))
    assert said == ["the machine is kept from going to sleep while there is work (systemd-inhibit)"]
    assert lock.exists() and len(one.pids) == 1
    one.want(False)
    assert lock.exists()
    later = clock.monotonic() + awake.LINGER_S + 1
    monkeypatch.setattr(clock, "monotonic", lambda: later)
    one.want(False)
    assert said[1:] == ["the machine may go to sleep again: there is no work"]
    assert not lock.exists() and not one.pids


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (REFUSES, "systemd-inhibit: Failed to inhibit: Access denied"),
        (None, "The program systemd-inhibit cannot be started: No such file or directory."),
    ],
)
def test_that_it_cannot_be_held_is_said_once(
    tmp_path: Path, lock: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, why: str
) -> None:
    (tmp_path / "bin").mkdir()
    if text is None:
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    else:
        install(tmp_path, text)
    said: list[str] = []
    one = Awake(said.append, awake.inhibitor("linux"))
    until(lambda: said, lambda: one.want(True))
    again = clock.monotonic() + awake.AGAIN_S + 1
    monkeypatch.setattr(clock, "monotonic", lambda: again)
    one.want(True)
    until(lambda: not one.pids, lambda: one.want(True))
    assert said == [f"the machine may go to sleep while there is work: {why}"]


def test_one_that_is_lost_is_told_and_taken_again(tmp_path: Path, lock: Path) -> None:
    install(tmp_path, HOLDS)
    said: list[str] = []
    one = Awake(said.append, awake.inhibitor("linux"))
    until(lambda: said, lambda: one.want(True))
    for pid in one.pids:
        os.killpg(pid, signal.SIGKILL)
    until(lambda: len(said) > 1, lambda: one.want(True))
    assert said[1] == "the machine may go to sleep while there is work: systemd-inhibit: it ended"
    one.release("the test ends")


def test_it_ends_with_its_process_also_when_that_is_killed(tmp_path: Path, lock: Path) -> None:
    install(tmp_path, HOLDS)
    text = (
        "import time\nfrom nightrun.hands.awake import Awake, inhibitor\n"
        "one = Awake(print, inhibitor('linux'))\nwhile True: one.want(True); time.sleep(0.01)\n"
    )
    with subprocess.Popen([sys.executable, "-c", text], env={**os.environ, "PYTHONPATH": TOOLS}) as process:
        until(lambda: lock.exists() and lock.read_text())
        process.kill()
        process.wait()
    until(lambda: not lock.exists())
    assert not lock.exists()


def test_macos_has_its_own() -> None:
    assert awake.inhibitor("darwin")[0] == "caffeinate"
