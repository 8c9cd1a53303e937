"""Follows the run through the API, so that a person sees each move, and knows when nothing is left to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nightrun.decisions import idle, story
from nightrun.hands import clock
from nightrun.hands.client import Client
from nightrun.words.errors import NightrunError

LIVELY_S = 1.0  # between two looks while something moves
NEAR_END_S = 0.2  # when only the monitor's look or a second one of ours is missing to an end that somebody waits for
QUIET_S = 10.0
LIVELY_FOR_S = 30.0
LANDING_S = 600.0  # for finished work to land when the hours are over; it lands at the next start otherwise
IDLE_LOOKS = 2  # in a row: what was seen between two moves is not the end
# From the first of them: the monitor tells that it has looked before it adds the heal tasks that its look asks for.
SETTLE_S = 1.0


@dataclass
class Story:
    client: Client
    say: Callable[[str], None]
    since: float  # seconds since the epoch: when the run started
    monitored: bool = True
    lively_s: float = LIVELY_S
    always_lively: bool = False
    settle_s: float = SETTLE_S
    snapshot: dict[str, Any] | None = None
    busy: str | None = "not looked yet"
    idle_looks: int = 0
    idle_at: float = 0.0  # the first of them (monotonic)
    looked_at: float = 0.0
    _failed_before: int = 0
    _marks: dict[str, story.Mark] = field(default_factory=dict)
    _moved_at: float = field(default_factory=clock.monotonic)
    _next: float = field(default_factory=clock.monotonic)

    def follow(self) -> bool:
        """Tell what moved since the last time; False when it is not time yet, or the API does not answer."""
        if clock.monotonic() < self._next:
            return False
        try:
            new = self.client.snapshot()
            self._tell(new)
        except (NightrunError, LookupError, TypeError, ValueError):
            # An API of another build may say things that this one does not understand: no reason to end a run.
            self._next = clock.monotonic() + self.lively_s
            return False
        self.snapshot, self.looked_at = new, clock.monotonic()
        self.busy = idle.busy(new, since=self.since, monitored=self.monitored)
        self.idle_looks = self.idle_looks + 1 if self.busy is None else 0
        self.idle_at = self.looked_at if self.idle_looks == 1 else self.idle_at
        self._next = clock.monotonic() + self._pause_s()
        return True

    def _pause_s(self) -> float:
        if self.always_lively:
            near = self.busy is None or self.waits_for_the_monitor
            return min(self.lively_s, NEAR_END_S) if near else self.lively_s
        return QUIET_S if clock.monotonic() - self._moved_at > LIVELY_FOR_S else self.lively_s

    @property
    def is_over(self) -> bool:
        return self.idle_looks >= IDLE_LOOKS and self.looked_at - self.idle_at >= self.settle_s

    @property
    def waits_for_the_monitor(self) -> bool:
        return idle.needs_a_look(self.busy)

    def is_drained(self, since: float) -> bool:
        """Whether a look after `since` (monotonic) found nothing that would be cut short."""
        if self.snapshot is None or self.looked_at <= since:
            return False
        waited_long = clock.monotonic() - since > LANDING_S
        return idle.drained(self.snapshot) or (waited_long and not self.snapshot["counts"]["running"])

    def verdict(self, *, whole: bool) -> list[str]:
        """What did not go well in this run; `whole` counts what is still waiting as well."""
        if self.snapshot is None:
            return ["the API never answered"]
        failed = self.snapshot["counts"]["failed"] - self._failed_before
        lines = idle.failures(self.snapshot, failed=failed, since=self.since)
        return [*lines, *idle.waiting(self.snapshot)] if whole else lines

    def _tell(self, new: dict[str, Any]) -> None:
        after = story.marks(new)
        if self.snapshot is None:
            self._failed_before = new["counts"]["failed"]
            self._marks = {task_id: mark for task_id, mark in after.items() if mark[0] != "running"}
        moved = story.moved(self._marks, after)
        # Asked for before anything is said: what was said in a look that failed would be said again in the next.
        told = [self.client.task(task_id) for task_id in moved]
        for one in told:
            self.say(story.line(one, new["now"]))
        for line in story.notices(self.snapshot or {}, new):
            self.say(line)
        if moved:
            self._moved_at = clock.monotonic()
        # A task may have moved on between the two questions, and that is told already.
        self._marks = after | {one.id: story.mark(one) for one in told if one.id in after}
