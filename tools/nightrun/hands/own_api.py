"""The API for one question: the one that runs, else one that is started and ends with the question."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nightrun.hands import clock, environment, lock, parent, process
from nightrun.hands.client import ApiAway, Client
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import TryLater

START_S = 60.0  # a busy machine takes its time
QUICK_S = 3.0
LOOK_S = 0.05
STARTS = 5  # another one may be starting, or about to end


@contextmanager
def answering(root: Path, before_start: Callable[[], object]) -> Iterator[Client]:
    """A client of it. What `before_start` raises says why none is started."""
    client = Client.for_repo(root)
    try:
        client.health(timeout_s=QUICK_S)
    except ApiAway:
        if environment.read(root).api_url:
            raise
    else:
        yield client
        return
    before_start()
    part = _started(root, client)
    try:
        yield client
    finally:
        _end(part)


def _started(root: Path, client: Client) -> process.Part:
    part, deadline, starts = _start(root), clock.monotonic() + START_S, 1
    while clock.monotonic() < deadline:
        with suppress(ApiAway):
            client.health(timeout_s=1.0)
            return part
        code = part.poll()
        if code == TryLater.exit_code and starts < STARTS:
            part, starts = _start(root), starts + 1
        elif code is not None:
            break
        clock.sleep(LOOK_S)
    _end(part)
    if _is_held(root):
        raise TryLater(
            "An API is running here, and does not answer.", "Its run ends and restarts it: see `make status`."
        )
    raise TryLater("The API did not start.", f"What it said last is in {StateDir(root).log('api')}.")


def _is_held(root: Path) -> bool:
    """Whether another API has the lock that ours needs."""
    held = lock.hold(StateDir(root).lock("api"))
    if held is not None:
        held.release()
    return held is None


def _start(root: Path) -> process.Part:
    # -P: what lies in the repository is not to be imported instead of what is installed.
    argv = [sys.executable, "-P", "-m", "nightrun", "part", "api", "--repo", str(root)]
    env = {**os.environ, parent.VARIABLE: str(os.getpid())}
    return process.start_part(argv, cwd=root, env=env, log=StateDir(root).log("api"))


def _end(part: process.Part) -> None:
    part.terminate()
    deadline = clock.monotonic() + START_S
    while part.poll() is None and clock.monotonic() < deadline:
        clock.sleep(0.02)
    part.kill()
