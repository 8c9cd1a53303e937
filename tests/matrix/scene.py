"""One cell of the matrix: a run over a repository of its own, the fault, and what came of it."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightrun.hands import clock, heartbeat
from nightrun.hands.client import ApiAway, Client, Refused
from tests.stories.night import Night

FAULTS = Path(__file__).with_name("faults")
LONGEST_S = 420.0
MONITOR = {"monitor": {"interval": "60s"}}  # as it is shipped


@dataclass
class Outcome:
    """`seconds` until all was well again, or until it was as it has to be; `broken` are rules that were not kept."""

    seconds: float
    starts: dict[str, int]  # of each part, after its first
    said: str = ""
    broken: list[str] = field(default_factory=list)


class Scene:
    def __init__(self, folder: Path) -> None:
        self.folder, self.faults = folder, folder / "faults"
        self.faults.mkdir(parents=True)
        self.night = Night(folder / "repo", MONITOR)
        self.state = self.night.state
        self.broken: list[str] = []
        self.begun = 0.0

    # -- the run

    def start(self, *args: str, package: Path | None = None, **env: str) -> Scene:
        """With its parts at work. `package` is a folder that holds the nightrun to be used."""
        self.launch(*args, package=package, **env)
        self.until(lambda: all(self.works(one) for one in ("api", "monitor", "runner-1")), "the run works", 120)
        return self

    def launch(self, *args: str, package: Path | None = None, **env: str) -> None:
        path = [str(FAULTS), *([str(package)] if package else []), *sys.path]
        env = {"PYTHONPATH": os.pathsep.join(path), "NIGHTRUN_TEST_FAULTS": str(self.faults), **env}
        self.night.start(*args, env=env)

    def close(self) -> None:
        run = self.night.run
        if run is not None and run.poll() is None:
            run.send_signal(signal.SIGCONT)
            run.send_signal(signal.SIGTERM)
            try:
                run.wait(45)
            except Exception:
                run.kill()
        self.night.close()

    # -- faults

    def fault(self, part: str, words: str) -> None:
        (self.faults / part).write_text(words)

    def send(self, part: str, number: int) -> int:
        """To the process of the part; its pid."""
        assert self.night.run is not None
        pid = self.night.run.pid if part == "supervisor" else self.night.pids(part)
        os.kill(pid, number)
        self.begun = time.monotonic()
        return pid

    # -- looking

    def until(self, what: Callable[[], Any], why: str, seconds: float = LONGEST_S) -> float:
        """Seconds since the fault, when it happened."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if what():
                    return time.monotonic() - self.begun
            except (ApiAway, Refused, OSError, ValueError, KeyError):
                pass
            time.sleep(0.1)
        raise AssertionError(f"not within {seconds:g} s: {why}\n{self.night.said()}")

    @property
    def client(self) -> Client:
        return Client.for_repo(self.night.root, timeout_s=5.0)

    def works(self, part: str, not_as: int | None = None) -> bool:
        """Whether it does, as another process than `not_as`."""
        pid = self.night.pids(part)
        if pid == not_as:
            return False
        if part == "api":
            said = json.loads(self.state.api_json.read_text())
            return bool(said["pid"] == pid and self.client.health(timeout_s=2.0))
        found = heartbeat.read(self.state.heartbeat(part))
        return found is not None and found[0] == pid

    def starts(self, part: str) -> int:
        return len(re.findall(rf"^\S+ {part} started again$", self.log(), re.M))

    def log(self, part: str = "supervisor") -> str:
        path = self.state.log(part)
        return path.read_text(errors="replace") if path.exists() else ""

    def is_gone(self, pid: int, start_time: float) -> bool:
        return not clock.is_same_process(pid, start_time)

    # -- what came of it

    def holds(self, what: bool, rule: str) -> None:
        if not what:
            self.broken.append(rule)

    def outcome(self, seconds: float, said: str = "") -> Outcome:
        parts = ("api", "monitor", "runner-1")
        return Outcome(seconds, {one: self.starts(one) for one in parts}, said, self.broken)
