"""A real supervisor over small real parts: start it, look at it, end it, and see that nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nightrun
from nightrun.hands.state_dir import StateDir

TOOLS = str(Path(nightrun.__file__).parents[1])
PROGRAM = Path(__file__).with_name("supervised.py")
LONGEST_S = 60.0  # on a machine that does much else


class Night:
    """A run over `root`. `modes` says what each fake part does (see fake_part.py)."""

    def __init__(self, root: Path) -> None:
        self.root, self.state = root, StateDir(root)
        self.child: subprocess.Popen[bytes] | None = None
        (root / "modes").mkdir(parents=True)
        (root / "events").touch()

    def mode(self, name: str, words: str) -> None:
        (self.root / "modes" / name).write_text(words)

    def start(self, *, env: dict[str, str] | None = None, before: str = "", **options: Any) -> Night:
        """`before` is a shell command that comes with the supervisor's process; returns at once."""
        argv = [sys.executable, str(PROGRAM), str(self.root), json.dumps(options)]
        if before:
            argv = ["sh", "-c", f'{before}; exec "$@"', "sh", *argv]
        environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": TOOLS, **(env or {})}
        with (self.root / "said").open("ab") as said:
            self.child = subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        return self

    def running(self, *names: str) -> Night:
        """Wait until each of these parts was started by this run."""
        return self.until(lambda: all(self.starts(one) for one in names or ("api", "monitor", "runner-1")))

    def until(self, what: Callable[[], object]) -> Night:
        end = time.monotonic() + LONGEST_S
        while time.monotonic() < end:
            if what():
                return self
            time.sleep(0.01)
        raise AssertionError(f"it did not happen; said:\n{self.said}\nevents:\n{self.events}")

    def until_said(self, text: str, times: int = 1) -> Night:
        return self.until(lambda: self.said.count(text) >= times)

    # -- what happened

    @property
    def said(self) -> str:
        return (self.root / "said").read_text() if (self.root / "said").exists() else ""

    @property
    def events(self) -> list[str]:
        return (self.root / "events").read_text().splitlines()

    def starts(self, name: str) -> list[int]:
        """The pids of this part, in order."""
        return [int(line.split()[2]) for line in self.events if line.startswith(f"{name} start")]

    def fatal(self) -> Any:
        path = self.state.fatal_issues
        return json.loads(path.read_text()) if path.exists() else None

    def run_json(self) -> Any:
        return json.loads(self.state.run_json.read_text())

    def left(self) -> list[str]:
        """Processes that were started for this repository and are still there."""
        found = []
        for folder in Path("/proc").iterdir():
            if not folder.name.isdecimal():
                continue
            try:
                argv = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                here = str(self.root) in argv or (folder / "cwd").resolve() == self.root
            except OSError:
                continue
            if here and argv:
                found.append(f"{folder.name} {argv}")
        return found

    # -- its end

    def signal(self, number: int) -> Night:
        assert self.child is not None
        self.child.send_signal(number)
        return self

    def end(self) -> int:
        """Wait for it; the exit code."""
        assert self.child is not None
        try:
            return self.child.wait(LONGEST_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not end; said:\n{self.said}") from None

    def stop(self) -> int:
        return self.signal(signal.SIGTERM).end()

    def close(self) -> None:
        """Whatever a failed test left."""
        if self.child is not None and self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        for line in self.left():
            os.kill(int(line.split()[0]), signal.SIGKILL)
