"""Reads what a child prints until it ended; a grandchild that keeps the pipe open does not delay that."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, Protocol

from nightrun.hands import clock

EndReason = Literal["exit", "timeout", "silent", "stopped", "disk", "memory", "processes"]

DRAIN_S = 0.5  # how long a pipe that a background child keeps open is still read
TICK_S = 0.25  # between two looks at the clock and the stop flag

_READ_BYTES = 128 << 10


class Sink(Protocol):
    def take(self, data: bytes) -> None: ...


class Kept:
    """The last bytes of a stream."""

    def __init__(self, keep_bytes: int) -> None:
        self.cut = False
        self._keep = keep_bytes
        self._data = bytearray()

    def take(self, data: bytes) -> None:
        self._data += data
        if len(self._data) > 2 * self._keep:
            self._trim()

    def value(self) -> bytes:
        self._trim()
        return bytes(self._data)

    def _trim(self) -> None:
        if len(self._data) > self._keep:
            del self._data[: len(self._data) - self._keep]
            self.cut = True


class Reader:
    """The open pipes of one child. `poll` tells whether it ended, for systems without a descriptor that does."""

    def __init__(self, pid: int, poll: Callable[[], int | None], sinks: Mapping[int, Sink]) -> None:
        self._pid = pid
        self._poll = poll
        self._sinks = dict(sinks)
        self._quiet_since = clock.monotonic()

    def until_end(self, why_stop: Callable[[float], EndReason | None]) -> EndReason | None:
        """None when the process ended by itself, else why `why_stop(seconds without output)` wants an end.

        The process is not waited for where that can be avoided: as a zombie it keeps its pid and its group.
        """
        with _ending(self._pid) as end, selectors.DefaultSelector() as selector:
            for descriptor in (*self._sinks, *end):
                selector.register(descriptor, selectors.EVENT_READ)
            looked = 0.0
            while not self._take_ready(selector, end):
                if clock.monotonic() - looked >= TICK_S:
                    looked = clock.monotonic()
                    if why := why_stop(looked - self._quiet_since):
                        return why
            return None

    def drain(self, patience_s: float) -> None:
        """Read what is in the pipes now, and what comes until nobody holds them or the patience ends."""
        deadline = clock.monotonic() + patience_s
        with selectors.DefaultSelector() as selector:
            for descriptor in self._sinks:
                selector.register(descriptor, selectors.EVENT_READ)
            while self._sinks and (left_s := deadline - clock.monotonic()) > 0:
                for key, _ in selector.select(left_s):
                    self._read(key.fd, selector)

    def _take_ready(self, selector: selectors.BaseSelector, end: list[int]) -> bool:
        """Wait a little, read what came; whether the process has ended."""
        ended = not end and self._poll() is not None
        for key, _ in selector.select(0.0 if ended else TICK_S if end else TICK_S / 5):
            if key.fd in end:
                ended = True
            else:
                self._read(key.fd, selector)
        return ended

    def _read(self, descriptor: int, selector: selectors.BaseSelector) -> None:
        data = os.read(descriptor, _READ_BYTES)
        if data:
            self._quiet_since = clock.monotonic()
            self._sinks[descriptor].take(data)
        else:
            selector.unregister(descriptor)
            del self._sinks[descriptor]


@contextmanager
def _ending(pid: int) -> Iterator[list[int]]:
    """A descriptor that is readable once the process ended, where the system has such a thing."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield []
        return
    try:
        yield [descriptor]
    finally:
        os.close(descriptor)
