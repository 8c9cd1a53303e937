"""Start, stop, kill and start again of the real process."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nightrun.hands import clock
from nightrun.hands.client import ApiAway, Client
from tests.flows.api_world import Process
from tests.stories.night import wait_until

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


def test_no_acknowledged_task_is_lost_when_it_is_killed(start: Start) -> None:
    acknowledged: list[str] = []
    for _ in range(2):
        api = start().ready()
        adding = threading.Thread(target=_add_until_away, args=(api.client(), acknowledged))
        adding.start()
        seen = len(acknowledged)
        wait_until(lambda seen=seen: len(acknowledged) > seen + 5, "tasks are added")
        api.kill()
        adding.join(10)
    client = start().ready().client()
    assert len(acknowledged) > 5
    assert {client.task(task_id).direction for task_id in acknowledged} == {"x"}


def _add_until_away(client: Client, acknowledged: list[str]) -> None:
    with contextlib.suppress(ApiAway):
        while True:
            acknowledged.append(client.add_task("x", "impl").id)


def test_another_port_is_taken_when_the_last_one_is_gone(start: Start) -> None:
    api = start().ready()
    port = api.port
    assert api.stop() == 0
    with socket.create_server(("127.0.0.1", port)):
        assert start().ready().port != port


def test_the_port_can_be_chosen(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert start(env={"PIPELINE_API_PORT": str(port)}).ready().port == port


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


def test_upkeep_that_fails_for_an_unknown_reason_goes_on(start: Start) -> None:
    """Else leases would never expire again, while the API goes on answering."""
    broken = "api.sweep, old = (lambda desk: (setattr(api, 'sweep', old), {}['x'])), api.sweep"
    api = start(before=f"api.HEARTBEAT_S = api.SWEEP_S = 0.1; {broken}").ready()
    beat = api.state.heartbeat("api")
    wait_until(lambda: "KeyError" in api.log.read_text(), "the upkeep failed")
    seen = json.loads(beat.read_text())["counter"]
    wait_until(lambda: json.loads(beat.read_text())["counter"] > seen + 2, "it went on")
    assert api.stop() == 0


def test_an_api_whose_upkeep_always_fails_ends_so_that_it_is_started_anew(start: Start) -> None:
    before = "from nightrun.decisions import rounds; rounds.FAILING_S = 0.3; api.HEARTBEAT_S = api.SWEEP_S = 0.1"
    api = start(before=f"{before}; api.sweep = lambda desk: {{}}['x']").ready()
    assert api.wait() == 1
    assert "In its upkeep no round has gone well for 0.3 s" in api.log.read_text()


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
