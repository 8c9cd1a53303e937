"""Notices that another nightrun was installed over the one that runs, and starts the run anew with it (fault 70)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from nightrun.decisions import upgrade
from nightrun.decisions.upgrade import Seen
from nightrun.hands import build, clock, process

VARIABLE = "NIGHTRUN_RUN_SINCE"  # of a run that was started anew: when it began, on both clocks
STARTS_S = 30.0  # for the new build to say its version


@dataclass
class Upgrade:
    every_s: float
    say: Callable[[str], None]
    seen: Seen = field(default_factory=lambda: Seen(build.build_id()))
    refused: set[str] = field(default_factory=set)  # builds that do not start
    _next: float = 0.0

    def __post_init__(self) -> None:
        patience = upgrade.BETWEEN_S if _since() else self.every_s
        self._next = clock.monotonic() + patience

    def ready(self) -> str | None:
        """The build that is installed completely, is not the one that runs, and starts; looks when it is time to."""
        if clock.monotonic() < self._next:
            return None
        self._next = clock.monotonic() + self.every_s
        try:
            self.seen = self.seen.after(build.build_id())
        except OSError:  # in the middle of an installation
            return None
        new = self.seen.new
        if new is None or new in self.refused or not self._starts(new):
            return None
        return new

    def _starts(self, new: str) -> bool:
        done = process.run([sys.executable, "-P", "-m", "nightrun", "part", "--help"], timeout_s=STARTS_S)
        if done.code == 0:
            return True
        self.refused.add(new)
        why = (done.err or done.out).decode(errors="replace").strip().rpartition("\n")[2]
        self.say(f"build {new} is installed and does not start ({why or done.code}); going on with {self.seen.running}")
        return False


def _since() -> tuple[float, float] | None:
    try:
        wall, steady = os.environ.get(VARIABLE, "").split()
        return float(wall), float(steady)
    except ValueError:
        return None


def take_since() -> tuple[float, float]:
    """When the run began, in seconds since the epoch and monotonic; not for the programs that it starts."""
    found = _since() or (clock.now(), clock.monotonic())
    os.environ.pop(VARIABLE, None)
    return found


def start_anew(since: tuple[float, float]) -> None:
    """This process becomes the same command of the new build; it does not return."""
    os.environ[VARIABLE] = f"{since[0]} {since[1]}"
    process.become([sys.executable, *sys.orig_argv[1:]])
