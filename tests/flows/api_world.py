"""The API for tests: in this process for shapes, as a real process for sockets and signals."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from nightrun.flows import api, api_app
from nightrun.flows.api_desk import Desk
from nightrun.hands.client import Client
from nightrun.hands.state_dir import StateDir
from nightrun.hands.store.database import Database

T0 = 1_760_000_000.0
TOOLS = str(Path(api.__file__).parents[2])


class Room:
    """The application without its guard and without a socket; time stands where `now` says."""

    def __init__(self, root: Path) -> None:
        self.now = T0
        state = StateDir(root).create()
        self.desk = Desk(
            state=state,
            db=Database(state.db),
            version="1.2.3",
            build_id="b" * 12,
            boot_id="boot",
            started_at=T0,
            now=lambda: self.now,
            steady=lambda: self.now,
        )
        self.app = _app(self.desk)

    def together(self, talk: Callable[[httpx.AsyncClient], Any]) -> Any:
        """Several requests on one event loop."""

        async def run() -> Any:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://api") as client:
                return await talk(client)

        return asyncio.run(run())

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        sent = {} if body is None else {"content": json.dumps(body), "headers": {"content-type": "application/json"}}
        answer: httpx.Response = self.together(lambda client: client.request(method, path, **sent))
        return answer

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def add(self, **fields: Any) -> Any:
        return self.ok("POST", "/api/agent/tasks", {"direction": "do it", "task_type": "impl", **fields})

    def claim(self, **fields: Any) -> Any:
        return self.ok("POST", "/api/agent/claim", {"runner": "runner-1", "agents": ["script"], **fields})

    def end(self, task: Any, status: str = "completed", **fields: Any) -> Any:
        body = {"status": status, "fencing_token": task["fencing_token"], **fields}
        return self.ok("PATCH", f"/api/agent/tasks/{task['id']}", body)


@functools.cache
def _made() -> FastAPI:
    """Making the application takes longer than most tests."""
    return api_app.create(None)  # type: ignore[arg-type]


def _app(desk: Desk) -> FastAPI:
    app = _made()
    app.state.desk = desk
    return app


class Process:
    """A real API process on a repository folder."""

    def __init__(
        self, root: Path, *, port: int | None = None, env: dict[str, str] | None = None, before: str = "pass"
    ) -> None:
        self.root, self.state = root, StateDir(root)
        root.mkdir(exist_ok=True)
        self.log = root / "api.log"
        code = (
            "import sys, pathlib; from nightrun.flows import api, api_server, api_security;"
            f"{before}; sys.exit(api.serve(pathlib.Path(sys.argv[1]), {port}))"
        )
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-c", code, str(root)],
                env={"PATH": os.environ["PATH"], "PYTHONPATH": TOOLS, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ready(self) -> Process:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.child.poll() is None:
            if self.state.api_json.exists() and self.said()["pid"] == self.child.pid:
                return self
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def said(self) -> dict[str, Any]:
        return dict(json.loads(self.state.api_json.read_text()))

    @property
    def port(self) -> int:
        return int(self.said()["url"].rpartition(":")[2])

    @property
    def token(self) -> str:
        return self.state.token.read_text().strip()

    def client(self, **more: Any) -> Client:
        return Client(self.said()["url"], self.token, **more)

    def wait(self, timeout_s: float = 15) -> int:
        return self.child.wait(timeout_s)

    def stop(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
