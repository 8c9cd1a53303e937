"""Stop signals of the supervisor: noted, and the loop is woken; the rest happens in order."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress
from typing import Any

_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While it is entered, stop signals only add to `received`; afterwards they do what they did before."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self._before: dict[int, Any] = {}
        # A pipe and no threading.Event: its lock may be held by the very code that the handler interrupts.
        self._awake, self._wake = -1, -1

    def wait(self, seconds: float) -> None:
        """At most so long; a signal ends it."""
        ready, _, _ = select.select([self._awake], [], [], max(0.0, seconds))
        if ready:
            os.read(self._awake, 1024)

    @property
    def first(self) -> signal.Signals | None:
        return signal.Signals(self.received[0]) if self.received else None

    @property
    def is_impatient(self) -> bool:
        """Ctrl-C was pressed again."""
        return self.received.count(signal.SIGINT) > 1

    def __enter__(self) -> StopSignals:
        self._awake, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        for number in _STOP:
            # nohup(1) starts its program with SIGHUP ignored, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        os.close(self._awake)
        os.close(self._wake)

    def _note(self, number: int, _frame: Any) -> None:
        self.received.append(number)
        with suppress(BlockingIOError):  # full: it is awake already
            os.write(self._wake, b"\0")
