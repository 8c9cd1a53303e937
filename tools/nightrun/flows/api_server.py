"""uvicorn as this API needs it: signals that end it in order, no idle ticking, no patience for slow headers."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from nightrun.words.errors import TryLater

HEADER_SECONDS = 10.0  # for the head of a request to arrive
STOP_SECONDS = 10.0  # for requests that run when the stop comes
_BACKLOG = 128


class PatientButNotForever(H11Protocol):
    """Closes a connection whose request does not get past its headers in time; uvicorn has no such limit."""

    _slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._slow is None:
            self._slow = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _forget(self) -> None:
        if self._slow is not None:
            self._slow.cancel()
            self._slow = None


class Server(uvicorn.Server):
    """Calls `on_ready` when it listens, runs `upkeep` beside the requests, calls `on_stop` when it shall end."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None],
        upkeep: Callable[[Server], Awaitable[None]],
    ) -> None:
        super().__init__(_config(app))
        self.failure: str | None = None
        self._on_ready, self._on_stop, self._upkeep = on_ready, on_stop, upkeep
        self._stop = asyncio.Event()

    def stop(self, failure: str | None = None) -> None:
        """Asked a second time it does not wait for anybody."""
        self.force_exit = self._stop.is_set()
        self.failure = self.failure or failure
        self._stop.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would end itself with the signal it got; an ordered stop is exit code 0."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        await super().startup(sockets)
        self._on_ready()

    async def main_loop(self) -> None:
        """uvicorn looks ten times a second whether to end; here nothing runs while nothing happens."""
        beside = asyncio.ensure_future(self._upkeep(self))
        await self._stop.wait()
        beside.cancel()
        self._on_stop()


def _config(app: ASGIApp) -> uvicorn.Config:
    settings: dict[str, Any] = {
        "http": PatientButNotForever,
        "ws": "none",
        "loop": "asyncio",
        "lifespan": "off",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
        "timeout_graceful_shutdown": STOP_SECONDS,
        "backlog": _BACKLOG,
    }
    return uvicorn.Config(app, **settings)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; a port that somebody else has is said and left alone."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        # At once, not only in the server: two sockets may be bound to a port until one of them listens (bind(2)).
        bound.listen(_BACKLOG)
    except OSError as error:
        bound.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise TryLater(
                f"Port {port} on {host} cannot be used: {error.strerror}.",
                "End the program that has it, or choose another with PIPELINE_API_PORT.",
            ) from error
        raise
    return bound
