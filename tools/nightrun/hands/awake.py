"""Keeps the machine from going to sleep while there is work, where the system offers that."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from nightrun.hands import clock, process
from nightrun.hands.process import Tied
from nightrun.words.errors import NightrunError

HELD = b"held"
LINGER_S = 60.0  # work comes and goes: between two tasks it is not given up
AGAIN_S = 600.0  # between two tries to get what was refused

_LINUX = ("systemd-inhibit", "--what=sleep:idle", "--who=nightrun", "--why=coding agents work", "--mode=block")
_MACOS = ("caffeinate", "-i", "-s")


def inhibitor(platform: str = sys.platform) -> tuple[str, ...]:
    """The program that keeps this system awake while the program behind it runs."""
    return _MACOS if platform == "darwin" else _LINUX


class Awake:
    """The lock is a child that lives as long as a pipe of ours: it ends with this process, however that ends.

    `cat` is started by the system's own program when it has the lock, and says back what it is told then.
    """

    def __init__(self, say: Callable[[str], None], argv: Sequence[str] | None = None) -> None:
        self._say, self._argv = say, (*(argv or inhibitor()), "cat")
        self._child: Tied | None = None
        self._held = False
        self._wanted_at = float("-inf")
        self._next_try = float("-inf")
        self._told = ""

    @property
    def pids(self) -> set[int]:
        return set() if self._child is None else {self._child.pid}

    def want(self, wanted: bool) -> None:
        """To be called now and then; never waits, never fails."""
        now = clock.monotonic()
        if wanted:
            self._wanted_at = now
        if now - self._wanted_at > LINGER_S:
            self.release("there is no work")
        elif self._child is None:
            self._begin(now)
        else:
            self._look(self._child)

    def release(self, why: str) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
            if self._held:
                self._say(f"the machine may go to sleep again: {why}")
            self._held, self._told = False, ""

    def _begin(self, now: float) -> None:
        if now < self._next_try:
            return
        self._next_try = now + AGAIN_S
        try:
            self._child = process.start_tied(self._argv, HELD + b"\n")
        except (NightrunError, OSError) as error:
            self._cannot(error.message if isinstance(error, NightrunError) else str(error))

    def _look(self, child: Tied) -> None:
        if not self._held and child.said().startswith(HELD):
            self._held = True
            self._say(f"the machine is kept from going to sleep while there is work ({self._argv[0]})")
        if child.has_ended():
            lines = [] if self._held else child.said().decode(errors="replace").strip().splitlines()
            self._child, self._held = None, False
            child.end()
            self._cannot(f"{self._argv[0]}: {lines[-1] if lines else 'it ended'}")

    def _cannot(self, why: str) -> None:
        """Once: it is tried again in silence."""
        if why != self._told:
            self._told = why
            self._say(f"the machine may go to sleep while there is work: {why}")
