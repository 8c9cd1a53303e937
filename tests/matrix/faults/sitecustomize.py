"""Faults that are put into real parts; Python imports this file at its start from a folder on PYTHONPATH.

SIGUSR2 lets the main thread hang where it is. The file NAME of the part (api, monitor, runner) in the folder that
NIGHTRUN_TEST_FAULTS names holds what else is wrong with it, from its next start on:

    die SECONDS   it ends so long after its start
    rounds        each of its rounds fails
    404           the API lacks the route of its metrics
    garbage       the API answers with a list, but for its health
    old           the package in the folder `old` is used; once
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("NIGHTRUN_TEST_FAULTS", "/nowhere"))


def hang_for_ever(*_: Any) -> None:
    while True:
        time.sleep(3600)


def die_after(seconds: str) -> None:
    timer = threading.Timer(float(seconds), os._exit, (7,))
    timer.daemon = True
    timer.start()


def fail(*_: Any) -> None:
    raise KeyError("a fault of the test")


def fail_rounds(part: str) -> None:
    if part == "monitor":
        from nightrun.flows.monitor import Monitor

        Monitor.round = fail  # type: ignore[method-assign, assignment]
    else:
        from nightrun.flows.runner import Runner

        Runner._round = fail  # type: ignore[method-assign, assignment]


def lose_route() -> None:
    from nightrun.flows import api_monitor

    routes = api_monitor.router.routes
    routes[:] = [one for one in routes if getattr(one, "path", "") != "/api/agent/metrics"]


def answer_garbage() -> None:
    from nightrun.flows import api_app

    create = api_app.create

    def with_garbage(desk: Any) -> Any:
        app = create(desk)

        async def garbage(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["path"] == "/api/health":
                await app(scope, receive, send)
                return
            head = [(b"content-type", b"application/json")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": b"[1]"})

        return garbage

    api_app.create = with_garbage  # type: ignore[assignment]


def use_old_package() -> None:
    (FOLDER / "api").unlink()
    sys.path.insert(0, str(FOLDER / "old"))


def main() -> None:
    argv = sys.orig_argv
    part = argv[argv.index("part") + 1] if "part" in argv else ""
    if part or "autonomous" in argv:
        signal.signal(signal.SIGUSR2, hang_for_ever)
    fault = FOLDER / part
    if not part or not fault.is_file():
        return
    word, *more = fault.read_text().split()
    if word == "die":
        die_after(*more)
    elif word == "rounds":
        fail_rounds(part)
    else:
        {"404": lose_route, "garbage": answer_garbage, "old": use_old_package}[word]()


main()
