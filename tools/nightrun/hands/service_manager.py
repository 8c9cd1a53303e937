"""What a service tells the systemd that started it: one datagram each (sd_notify(3)); nothing where there is none."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

from nightrun.hands import clock

SOCKET = "NOTIFY_SOCKET"
_FOR_ME_ALONE = ("WATCHDOG_USEC", "WATCHDOG_PID")
ALIVE_EVERY_S = 20.0  # of WatchdogSec=60


class ServiceManager:
    """Made once: what it takes out of the environment is not for the programs that we start."""

    def __init__(self) -> None:
        self._taken = {name: os.environ.pop(name) for name in (SOCKET, *_FOR_ME_ALONE) if name in os.environ}
        self._address = self._taken.get(SOCKET, "")
        self._next_alive = clock.monotonic()

    def ready(self) -> None:
        self._tell("READY=1")

    def alive(self) -> None:
        """To be called after a real round only: that it does not come is how a hang is noticed."""
        if clock.monotonic() >= self._next_alive:
            self._next_alive = clock.monotonic() + ALIVE_EVERY_S
            self._tell("WATCHDOG=1")

    def give_back(self) -> None:
        """To the same process, which goes on as another program."""
        os.environ.update(self._taken)

    def stopping(self) -> None:
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        """Never waits and never fails: a manager that is gone is no reason to end the work."""
        if not self._address:
            return
        # A first @ stands for the NUL of Linux' abstract addresses.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.setblocking(False)
            channel.sendto(state.encode(), address)
