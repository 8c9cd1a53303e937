"""One part under supervision: started, watched, ended, and started again as `decisions.restart` says."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nightrun.decisions import restart
from nightrun.decisions.restart import Beat, Life, Start, Stopped, Wait
from nightrun.hands import clock, heartbeat, process
from nightrun.hands.process import Part
from nightrun.words.errors import NightrunError

LIVES_KEPT = 50
ABORT_S = 5.0  # for a hung part to write its stacks (reliability.md S4)


@dataclass
class Supervised:
    name: str  # api, monitor, runner-1 ...
    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    log: Path
    heartbeat: Path
    stop_s: float  # for an ordered end
    say: Callable[[str], None]
    part: Part | None = None
    started_at: float | None = None  # seconds since the epoch
    identity: tuple[int, float] | None = None  # of its process: pid and start time
    lives: list[Life] = field(default_factory=list)
    given_up: bool = False
    last_code: int | None = None  # how it ended last
    _draining_by: float | None = None  # when we asked it to finish what it has: when it is asked to end
    _ending_by: float | None = None  # when we asked it to end: when it is killed
    _jitter: float = 0.0
    _beat: Beat | None = None

    # -- life

    def start(self) -> bool:
        """False when it cannot be started at all, which is said and counts as a death."""
        now = clock.monotonic()
        self.lives = [*self.lives[-LIVES_KEPT:], Life(now)]
        self._ending_by = self._draining_by = None
        try:
            self.part = process.start_part(self.argv, cwd=self.cwd, env=self.env, log=self.log)
        except (NightrunError, OSError) as error:
            self.say(f"{self.name} cannot be started: {error}")
            self._died(now)
            return False
        self.started_at = clock.now()
        self.identity = clock.process_identity(self.part.pid)
        self._beat = Beat(self.part.pid, -1, now)
        return True

    @property
    def is_running(self) -> bool:
        return self.part is not None

    def reap(self) -> int | None:
        """The exit code when it has just ended, else None."""
        if self.part is None or (code := self.part.reap()) is None:
            return None
        self.part, self.last_code = None, code
        self._died(clock.monotonic())
        return code

    def _died(self, now: float) -> None:
        self.lives[-1] = Life(self.lives[-1].started_at, now, wanted=self._is_to_end())
        self._jitter = random.uniform(-1.0, 1.0)  # noqa: S311 - only spreads restarts

    def _is_to_end(self) -> bool:
        return self._ending_by is not None or self._draining_by is not None

    def due(self) -> Start | Wait | Stopped | None:
        """What to do with it now; None while it runs."""
        if self.part is not None:
            return None
        return restart.decide(self.lives, clock.monotonic(), jitter=self._jitter)

    def is_healthy(self) -> bool:
        """Alive for so long that its earlier deaths are forgotten."""
        return self.part is not None and clock.monotonic() - self.lives[-1].started_at >= restart.HEALTHY_S

    def age(self) -> float:
        return clock.monotonic() - self.lives[-1].started_at if self.lives else 0.0

    # -- end

    def drain(self, seconds: float) -> None:
        """Ask it to finish what it has and then to end; `press` ends it when that takes longer than so many seconds."""
        if self.part is not None and not self._is_to_end():
            self.part.send(signal.SIGUSR1)
            self._draining_by = clock.monotonic() + seconds

    def end(self) -> None:
        """Ask it to end in order; `press` kills it when it takes too long."""
        if self.part is not None and self._ending_by is None:
            self.part.terminate()
            self._ending_by = clock.monotonic() + self.stop_s

    def press(self) -> None:
        if self._draining_by is not None and clock.monotonic() >= self._draining_by:
            self.end()
        if self.part is not None and self._ending_by is not None and clock.monotonic() >= self._ending_by:
            self.say(f"{self.name} did not end within {self.stop_s:g} s and is killed")
            self._ending_by = clock.monotonic() + self.stop_s
            self.part.kill()

    def kill(self) -> None:
        """Now, and without asking; not a death of its own."""
        if self.part is not None:
            self._ending_by = clock.monotonic() + self.stop_s
            self.part.kill()

    def abort(self) -> None:
        """It hangs: let it write its stacks into the log, then kill it. That is a death."""
        if self.part is None:
            return
        self.part.send(signal.SIGCONT)
        self.part.send(signal.SIGABRT)
        end = clock.monotonic() + ABORT_S
        while not self.part.has_ended() and clock.monotonic() < end:
            clock.sleep(0.02)
        self.part.kill()

    # -- liveness

    def forgive(self) -> None:
        """We did not look for a while ourselves: what it did meanwhile is not known."""
        if self._beat is not None:
            self._beat = Beat(self._beat.pid, self._beat.counter, clock.monotonic())

    def hangs(self, limit_s: float) -> bool:
        """Alive, but the counter of its heartbeat has not moved for so long."""
        if self.part is None or self._beat is None or self._ending_by is not None:
            return False
        seen = heartbeat.read(self.heartbeat)
        if seen is not None and seen[0] == self.part.pid:
            self._beat = restart.beat(self._beat, *seen, clock.monotonic())
        return restart.is_hung(self._beat, clock.monotonic(), limit_s)
