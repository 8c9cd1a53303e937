"""Stop signals of the supervisor: noted, and the loop is woken; the rest happens in order."""

from __future__ import annotations

import signal
import threading
from typing import Any

_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """While it is entered, stop signals only add to `received`; afterwards they do what they did before."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self._wake = threading.Event()
        self._before: dict[int, Any] = {}

    def wait(self, seconds: float) -> None:
        """At most so long; a signal ends it."""
        self._wake.wait(seconds)
        self._wake.clear()

    @property
    def first(self) -> signal.Signals | None:
        return signal.Signals(self.received[0]) if self.received else None

    @property
    def is_impatient(self) -> bool:
        """Ctrl-C was pressed again."""
        return self.received.count(signal.SIGINT) > 1

    def __enter__(self) -> StopSignals:
        for number in _STOP:
            # nohup(1) starts its program with SIGHUP ignored, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _note(self, number: int, _frame: Any) -> None:
        self.received.append(number)
        self._wake.set()
