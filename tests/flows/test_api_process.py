"""Start, stop, kill and start again of the real process."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nightrun.hands import clock
from nightrun.hands.client import Client
from nightrun.hands.state_dir import StateDir
from tests.flows.api_world import Process

Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Process] = []

    def one(**how: Any) -> Process:
        started.append(Process(tmp_path / "root", **how))
        return started[-1]

    yield one
    for process in started:
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_signal_answers_waiting_runners_and_ends_with_0(start: Start, number: int) -> None:
    api = start().ready()
    client = api.client()
    answers: list[Any] = []
    who = {"runner": "r", "pid": 1, "boot_id": "b", "start_time": 1.0, "agents": ["a"], "wait_seconds": 25}
    waiting = threading.Thread(target=lambda: answers.append(client.claim(**who)))
    waiting.start()
    time.sleep(0.3)
    begin = time.monotonic()
    api.child.send_signal(number)
    assert api.wait() == 0
    assert time.monotonic() - begin < 5
    waiting.join(5)
    assert answers == [None]
    assert not api.state.api_json.exists()
    assert sorted(path.name for path in api.state.path.glob("pipeline.db*")) == ["pipeline.db"]


def test_a_killed_api_comes_back_with_everything_on_the_same_port(start: Start) -> None:
    api = start().ready()
    port, token = api.port, api.token
    task = api.client().add_task("x", "impl")
    api.kill()
    again = start().ready()
    assert (again.port, again.token) == (port, token)
    assert again.client().task(task.id).direction == "x"


def test_a_second_api_of_the_same_repository_does_not_start(start: Start) -> None:
    api = start().ready()
    second = start()
    assert second.wait() == 75
    assert "is running already. Its process is named in" in second.log.read_text()
    assert api.client().health()["status"] == "ok"


def test_a_port_of_a_stranger_is_said_and_left_alone(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        api = start(port=stranger.getsockname()[1])
        assert api.wait() == 75
        assert f"Port {stranger.getsockname()[1]} on 127.0.0.1 cannot be used" in api.log.read_text()
        assert not api.state.api_json.exists()
        socket.create_connection(stranger.getsockname()).close()


def test_another_port_is_taken_when_the_last_one_is_gone(start: Start) -> None:
    api = start().ready()
    port = api.port
    assert api.stop() == 0
    with socket.create_server(("127.0.0.1", port)):
        assert start().ready().port != port


@pytest.mark.parametrize(
    ("env", "code", "words"),
    [
        ({"PIPELINE_API_PORT": "http"}, 2, "PIPELINE_API_PORT is not a port number: 'http'."),
        ({"PIPELINE_DATABASE_URL": "postgresql://x"}, 2, "this version keeps its state in .pipeline/pipeline.db only"),
    ],
)
def test_wrong_settings_are_said(start: Start, env: dict[str, str], code: int, words: str) -> None:
    api = start(env=env)
    assert api.wait() == code
    assert words in api.log.read_text()
    assert "Traceback" not in api.log.read_text()


def test_the_port_can_be_chosen(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert start(env={"PIPELINE_API_PORT": str(port)}).ready().port == port


def test_a_token_that_others_can_read_stops_the_start(start: Start, tmp_path: Path) -> None:
    state = StateDir(tmp_path / "root")
    state.root.mkdir()
    state.create().token.write_text("x" * 43)
    state.token.chmod(0o644)
    api = start()
    assert api.wait() == 1
    assert "Others can read the token file" in api.log.read_text()


def test_a_newer_schema_stops_the_start(start: Start, tmp_path: Path) -> None:
    state = StateDir(tmp_path / "root")
    state.root.mkdir()
    connection = sqlite3.connect(state.create().db)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    api = start()
    assert api.wait() == 1
    assert "written by a newer nightrun" in api.log.read_text()


def test_a_database_deleted_under_it_stops_it(start: Start) -> None:
    api = start(before="api.HEARTBEAT_S = 0.1").ready()
    api.state.db.unlink()
    assert api.wait() == 1
    assert "was deleted or replaced while the API had it open" in api.log.read_text()


def test_it_shows_that_it_lives(start: Start) -> None:
    api = start(before="api.HEARTBEAT_S = 0.1").ready()
    counters = []
    for _ in range(2):
        time.sleep(0.3)
        beat = json.loads(api.state.heartbeat("api").read_text())
        counters.append(beat["counter"])
    assert beat["pid"] == api.child.pid
    assert counters[1] > counters[0]


def test_the_task_of_a_killed_runner_goes_back_by_itself(start: Start) -> None:
    api = start(before="api.HEARTBEAT_S = api.SWEEP_S = 0.1").ready()
    client = api.client()
    task_id = client.add_task("x", "impl").id
    pid, begin = clock.my_identity()
    client.claim(runner="gone", pid=pid, boot_id=clock.boot_id(), start_time=begin - 5, agents=["a"])
    deadline = time.monotonic() + 5
    while client.task(task_id).status != "pending" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert client.task(task_id).status == "pending"


def test_a_task_is_not_handed_to_a_connection_that_is_gone(start: Start) -> None:
    api = start().ready()
    body = b'{"runner": "r", "agents": ["a"], "wait_seconds": 20}'
    with socket.create_connection(("127.0.0.1", api.port)) as connection:
        connection.sendall(
            f"POST /api/agent/claim HTTP/1.1\r\nHost: localhost:{api.port}\r\nAuthorization: Bearer {api.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        time.sleep(0.3)
    time.sleep(0.1)
    client = api.client()
    task_id = client.add_task("x", "impl").id
    time.sleep(0.2)
    assert client.task(task_id).status == "pending"


def test_what_it_writes_when_ready_lets_a_client_find_it(start: Start) -> None:
    api = start().ready()
    assert set(api.said()) == {"url", "pid", "start_time", "build_id", "started_at"}
    assert api.state.api_json.stat().st_mode & 0o777 == 0o600
    health = Client.for_repo(api.root).health()
    assert (health["build_id"], health["started_at"]) == (api.said()["build_id"], api.said()["started_at"])
