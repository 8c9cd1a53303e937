"""`nightrun service install` in a real systemd of a user, which runs in namespaces of its own and ends with the test.

Needs root, cgroup v2 and systemd's programs; PID 1 of the machine does not have to be systemd.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.stories.night import Night, script, wait_until

pytestmark = [pytest.mark.soak, pytest.mark.xdist_group("systemd")]

SYSTEMD = Path("/usr/lib/systemd/systemd")
WATCHDOG_S, RESTART_S, STOP_S = 60.0, 5.0, 60.0  # of the unit
INSIDE = """\
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
umount -R /sys/fs/cgroup 2>/dev/null || mount -t tmpfs tmpfs /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup || exit 3
"$@" &
touch "$HOME/started"
wait  # as PID 1 it would not be one of a user
"""


class Machine:
    """A systemd of this user, in a mount, PID and cgroup namespace. Programs run there with `call`."""

    def __init__(self, folder: Path) -> None:
        self.home, self.group = folder / "machine", _cgroups() / f"nightrun-test-{os.getpid()}"
        self.home.mkdir()
        self.env = {
            **{"HOME": str(self.home), "XDG_RUNTIME_DIR": "/run/user/0", "LANG": "C.UTF-8", "PATH": os.environ["PATH"]},
            **{name: value for name, value in os.environ.items() if name.startswith("GIT_")},
        }
        self.group.mkdir()
        argv = ["unshare", "--pid", "--mount", "--cgroup", "--fork", "--kill-child", "--mount-proc"]
        inside = ["sh", "-c", INSIDE, "sh", str(SYSTEMD), "--user", "--log-target=console"]
        self.log = folder / "systemd.log"
        with self.log.open("wb") as log:
            self.child = subprocess.Popen([*argv, *inside], env=self.env, stdout=log, stderr=log, preexec_fn=self._join)

    def _join(self) -> None:
        (self.group / "cgroup.procs").write_text("0")

    def is_up(self) -> bool:
        """Whether it answers; AssertionError when it has ended."""
        assert self.child.poll() is None, self.log.read_text()
        return (self.home / "started").exists() and self.run(
            "systemctl", "--user", "show", "--property=Version"
        ).returncode == 0

    def _pid(self) -> str:
        """Of the child of unshare, as it is called outside."""
        return Path(f"/proc/{self.child.pid}/task/{self.child.pid}/children").read_text().split()[0]

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        enter = ["nsenter", "--target", self._pid(), "--mount", "--pid", "--cgroup", "--wd=/"]
        return subprocess.run([*enter, *argv], env=self.env, capture_output=True, text=True, timeout=120)

    def call(self, *argv: str) -> str:
        done = self.run(*argv)
        assert done.returncode == 0, f"{argv}: {done.returncode} {done.stdout}{done.stderr}\n{self.log.read_text()}"
        return done.stdout

    def close(self) -> None:
        self.child.kill()
        self.child.wait()
        for _ in range(100):
            with suppress(OSError):
                for folder in sorted(self.group.rglob("*"), reverse=True):
                    if folder.is_dir():
                        folder.rmdir()
                self.group.rmdir()
                return
            time.sleep(0.1)


def _cgroups() -> Path:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return next(Path(where) for _, where, kind, *_ in mounts if kind == "cgroup2")


def _why_not() -> str:
    if os.getuid() != 0:
        return "a systemd of its own needs root"
    if not SYSTEMD.exists():
        return f"there is no {SYSTEMD}"
    for name in ("systemctl", "unshare", "nsenter"):
        if shutil.which(name) is None:
            return f"there is no {name}"
    return "" if "cgroup2 " in Path("/proc/self/mounts").read_text() else "no cgroup v2 is mounted"


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    if why := _why_not():
        pytest.skip(why)
    try:
        made = Machine(tmp_path)
    except OSError as error:
        pytest.skip(f"a control group cannot be made here: {error}")
    try:
        wait_until(made.is_up, "systemd answers")
        yield made
    finally:
        made.close()


class Served:
    """A night whose run systemd keeps."""

    def __init__(self, machine: Machine, night: Night) -> None:
        self.machine, self.night = machine, night
        self.unit = f"nightrun-{night.root.name}.service"

    def nightrun(self, *args: str) -> str:
        return self.machine.call(
            sys.executable, "-P", "-m", "nightrun", args[0], "--repo", str(self.night.root), *args[1:]
        )

    def systemctl(self, *args: str) -> str:
        return self.machine.call("systemctl", "--user", *args)

    def state(self, *names: str) -> list[str]:
        text = self.systemctl("show", f"--property={','.join(names)}", self.unit)
        found = dict(line.split("=", 1) for line in text.splitlines())
        return [found[name] for name in names]

    def main_pid(self) -> int:
        return int(self.state("MainPID")[0])

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.nightrun("status", "--json")))

    def has_run(self, pid: int) -> bool:
        """Whether the run of this supervisor works, with all its parts."""
        try:
            run = self.status()["run"]
        except (AssertionError, KeyError):
            return False
        return bool(run) and run["pid"] == pid and {"api", "monitor", "runner-1"} <= run["parts"].keys()

    def wait_for_a_new_run(self, old: int, seconds: float) -> float:
        """How long it took."""
        begun = time.monotonic()
        wait_until(lambda: self.main_pid() not in (0, old) and self.has_run(self.main_pid()), "a new run", seconds)
        return time.monotonic() - begun

    def processes(self) -> list[str]:
        """Of the unit, as the command lines say."""
        text = self.machine.run("ps", "-eo", "pid,args").stdout
        return [line for line in text.splitlines() if str(self.night.root) in line and "ps -eo" not in line]


def test_a_service_is_started_watched_restarted_stopped_and_removed(
    machine: Machine, night: Night, capsys: pytest.CaptureFixture[str]
) -> None:
    served, told = Served(machine, night), _teller(capsys)
    begun = time.monotonic()
    said = served.nightrun("service", "install")
    assert f"{served.unit} is started, and starts by itself from now on" in said
    assert served.state("ActiveState", "SubState", "UnitFileState", "Type") == [
        "active",
        "running",
        "enabled",
        "notify",
    ]
    first = served.main_pid()
    wait_until(lambda: served.has_run(first), "the run works")
    told(f"install to running: {time.monotonic() - begun:.1f} s")
    task = served.nightrun("task", "--type", "impl", "--direction", script("echo 1 >one.txt", "Make one"), "--json")
    wait_until(lambda: len(night.subjects()) == 1, f"its task is committed: {task}", 60)

    machine.call("kill", "-STOP", str(first))
    took = served.wait_for_a_new_run(first, 3 * WATCHDOG_S)
    told(f"stopped supervisor (SIGSTOP): working again after {took:.1f} s")
    assert took < WATCHDOG_S + RESTART_S + 30
    assert served.state("NRestarts") == ["1"]
    assert "is installed: active (running), enabled, started again 1 times." in served.nightrun("service", "status")

    second = served.main_pid()
    machine.call("kill", "-KILL", str(second))
    told(f"killed supervisor: working again after {served.wait_for_a_new_run(second, 60):.1f} s")

    served.nightrun("task", "--type", "impl", "--direction", script("sleep 600", "Sleep"))
    wait_until(lambda: served.status()["snapshot"]["counts"]["running"] == 1, "an agent works", 60)
    begun = time.monotonic()
    served.systemctl("stop", served.unit)
    took = time.monotonic() - begun
    told(f"systemctl stop with an agent at work: {took:.1f} s")
    assert took < STOP_S - 15
    assert served.state("ActiveState", "Result") == ["inactive", "success"], machine.log.read_text()
    assert served.processes() == []
    assert "stopped; nothing is left running" in night.state.log("supervisor").read_text()

    served.systemctl("start", served.unit)
    served.nightrun("stop")
    time.sleep(RESTART_S + 2)  # it would be started again by then
    assert served.state("ActiveState") == ["inactive"]

    served.systemctl("start", served.unit)
    assert "removed " in served.nightrun("service", "uninstall")
    assert served.state("LoadState", "ActiveState") == ["not-found", "inactive"]
    assert served.processes() == []


def _teller(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def tell(text: str) -> None:
        with capsys.disabled():
            print(f"\n  {text}", end="", flush=True)

    return tell
