"""The API in this process, for a story to add tasks before a run and to look after it.

The application, the store and the socket of the real one; what is spared is a new Python for each question.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from nightrun.flows import api, api_alone, api_app, api_server
from nightrun.flows.api_security import Guard
from nightrun.hands import lock, secret
from nightrun.hands.client import ApiAway, Client
from nightrun.hands.state_dir import StateDir

START_S = 60.0
_unused: list[FastAPI] = []  # making one takes longer than most questions


class Server(api_server.Server):
    """Without signal handlers, which only a main thread may have."""

    async def startup(self, sockets: object = None) -> None:
        await uvicorn.Server.startup(self, sockets)  # type: ignore[arg-type]
        self._on_ready()


@contextmanager
def answering(root: Path) -> Iterator[Client]:
    """A client of the API that runs, or of one that ends with this."""
    client = Client.for_repo(root)
    try:
        client.health(timeout_s=3.0)
    except ApiAway:
        with _served(root):
            yield client
    else:
        yield client


@contextmanager
def _served(root: Path) -> Iterator[None]:
    api_alone._prepare(root)
    said: queue.SimpleQueue[tuple[Server, asyncio.AbstractEventLoop] | BaseException] = queue.SimpleQueue()
    thread = threading.Thread(target=_serve, args=(root, said), daemon=True)
    thread.start()
    first = said.get(timeout=START_S)
    if isinstance(first, BaseException):
        raise first
    server, loop = first
    try:
        yield
    finally:
        loop.call_soon_threadsafe(server.stop)
        thread.join(START_S)
        assert not thread.is_alive(), "the API does not end"


def _serve(root: Path, said: queue.SimpleQueue[tuple[Server, asyncio.AbstractEventLoop] | BaseException]) -> None:
    app = _unused.pop() if _unused else api_app.create(None)  # type: ignore[arg-type]
    try:
        held = _hold(StateDir(root))
        try:
            _run(root, app, said)
        finally:
            held.release()
    except BaseException as error:
        said.put(error)
    else:
        _unused.append(app)


def _hold(state: StateDir) -> lock.Lock:
    """One of a run that has just ended may still be on its way out."""
    end = time.monotonic() + START_S
    while (held := lock.hold(state.lock("api"))) is None:
        assert time.monotonic() < end, "another API has the lock"
        time.sleep(0.02)
    return held


def _run(
    root: Path, app: FastAPI, said: queue.SimpleQueue[tuple[Server, asyncio.AbstractEventLoop] | BaseException]
) -> None:
    state = StateDir(root)
    desk = api._desk(state)
    app.state.desk = desk
    bound = api._listen(desk, api.LOOPBACK, 0)
    port = bound.getsockname()[1]

    def ready() -> None:
        api._ready(desk, api.LOOPBACK, port)
        said.put((server, asyncio.get_running_loop()))

    server = Server(
        Guard(app, token=secret.load(state.token), hosts=api._hosts(api.LOOPBACK, port)),
        on_ready=ready,
        on_stop=lambda: api._stopping(desk),
        upkeep=lambda one: api._upkeep(desk, one),
    )
    try:
        asyncio.run(server.serve(sockets=[bound]))
        api._forget_address(desk)
        api._last_sweep(desk)
    finally:
        desk.db.close()
