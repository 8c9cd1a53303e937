"""The pulse of a runner, in a thread of its own: heartbeats while a step is in its time, and the lease of its claim."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from nightrun.hands import clock
from nightrun.hands.client import ApiAway, Client, Refused
from nightrun.hands.heartbeat import Heart
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

BEAT_S = 5.0
LEASE_S = 15.0  # between two renewals (reliability.md D8)
SLACK_S = 60.0  # a step may take so much longer than it said before the runner counts as hung

log = logging.getLogger("nightrun.runner")


class Pulse:
    """`stop_wanted`: a person wants this attempt ended. `lost`: the claim went to somebody else."""

    def __init__(self, heart: Heart, client: Client) -> None:
        self.stop_wanted = False
        self.lost = False
        self._heart, self._client = heart, client
        self._claim: Task | None = None
        self._step = ""
        self._deadline = clock.monotonic() + SLACK_S
        self._next_lease = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._end.set()
        self._thread.join()

    @contextmanager
    def holding(self, task: Task) -> Iterator[None]:
        """Renew the lease of this claim meanwhile."""
        self.stop_wanted = self.lost = False
        self._next_lease = clock.monotonic() + LEASE_S
        self._claim = task
        try:
            yield
        finally:
            self.let_go()

    def let_go(self) -> None:
        """The end of the claim was told: it is not renewed any more, and cannot be lost."""
        self._claim = None
        self.stop_wanted = self.lost = False

    @contextmanager
    def step(self, name: str, most_s: float) -> Iterator[None]:
        """Heartbeats go on for `most_s` and a little more: a runner that hangs in a step stops showing a pulse.

        A long step whose loop calls `moves` needs no time of its own: a hang is seen at once and not at its end.
        """
        outer, until = self._step, self._deadline
        self._step, self._deadline = name, clock.monotonic() + most_s + SLACK_S
        try:
            yield
        finally:
            self._step, self._deadline = outer, max(until, clock.monotonic() + SLACK_S)

    def moves(self) -> None:
        """The main loop, or that of a step, went round."""
        self._deadline = max(self._deadline, clock.monotonic() + SLACK_S)

    def _run(self) -> None:
        while not self._end.is_set():
            if clock.monotonic() < self._deadline:
                self._heart.beat()
            claim = self._claim
            if claim is not None and clock.monotonic() >= self._next_lease:
                self._next_lease = clock.monotonic() + LEASE_S
                self._renew(claim)
            self._end.wait(BEAT_S)

    def _renew(self, claim: Task) -> None:
        try:
            said = self._client.heartbeat(claim.id, claim.fencing_token, current_step=self._step or None)
        except Refused as error:
            if self._claim is claim:
                self.lost = True
                log.warning("the claim of %s is lost: %s", claim.id, error.message)
        except (ApiAway, NightrunError) as error:
            log.warning("the lease of %s could not be renewed: %s", claim.id, error.message)
        else:
            self.stop_wanted = self.stop_wanted or bool(said.get("stop"))
