"""Against a real process on a real socket, byte by byte."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from nightrun.flows.api_security import BODY_LIMIT
from tests.flows.api_world import Process

FAST = "api_server.HEADER_SECONDS = api_security.BODY_SECONDS = 0.6"
TASK = b'{"direction": "sesame street", "task_type": "impl"}'


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("api"), before=FAST).ready()
    yield process
    process.kill()


def raw(api: Process, data: bytes, *, timeout_s: float = 10) -> bytes:
    """What the API answers to these bytes, until it closes the connection."""
    with socket.create_connection(("127.0.0.1", api.port), timeout_s) as connection:
        connection.sendall(data)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


def ask(api: Process, *lines: str, method: str = "GET", path: str = "/api/agent/tasks", body: bytes = b"") -> int:
    """The status of a request with the right host and token, unless `lines` say otherwise."""
    names = {line.partition(":")[0].lower() for line in lines}
    head = list(lines)
    if "host" not in names:
        head.append(f"Host: 127.0.0.1:{api.port}")
    if "authorization" not in names:
        head.append(f"Authorization: Bearer {api.token}")
    if body and not {"content-length", "transfer-encoding"} & names:
        head.append(f"Content-Length: {len(body)}")
    head.append("Connection: close")
    text = f"{method} {path} HTTP/1.1\r\n" + "".join(line + "\r\n" for line in head if line.partition(":")[2]) + "\r\n"
    return int(raw(api, text.encode() + body).split(b" ", 2)[1])


def test_the_right_host_and_token_are_answered(api: Process) -> None:
    assert ask(api) == 200


@pytest.mark.parametrize(
    "line",
    [
        "Authorization:",
        "Authorization: Bearer",
        "Authorization: Bearer wrong",
        "Authorization: Basic {token}",
        "Authorization: Bearer {token}x",
        "Authorization: Bearer x{token}",
        "Authorization: Bearer \u00e9",
    ],
)
def test_without_the_token_it_is_401(api: Process, line: str) -> None:
    assert ask(api, line.format(token=api.token)) == 401


@pytest.mark.parametrize(
    "path", ["/nope", "/openapi.json", "/metrics", "/api/agent/tasks?token={token}", "/api/health/"]
)
def test_every_other_path_needs_the_token_too(api: Process, path: str) -> None:
    assert ask(api, "Authorization:", path=path.format(token=api.token)) == 401


def test_health_needs_no_token(api: Process) -> None:
    assert ask(api, "Authorization:", path="/api/health") == 200


def test_a_refusal_says_how_to_ask(api: Process) -> None:
    answer = raw(api, f"GET / HTTP/1.1\r\nHost: localhost:{api.port}\r\n\r\n".encode())
    assert b"\r\nwww-authenticate: Bearer\r\n" in answer
    assert b"\r\nconnection: close\r\n" in answer


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
def test_hosts_that_are_ours(api: Process, host: str) -> None:
    assert ask(api, f"Host: {host.format(port=api.port)}") == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "localhost:1",
        "127.0.0.1:{port}.evil.example",
        "0.0.0.0:{port}",
    ],
)
@pytest.mark.parametrize("path", ["/api/agent/tasks", "/api/health"])
def test_a_foreign_host_is_421(api: Process, host: str, path: str) -> None:
    assert ask(api, f"Host: {host.format(port=api.port)}", path=path) == 421


def test_no_host_is_421(api: Process) -> None:
    text = f"GET /api/agent/tasks HTTP/1.0\r\nAuthorization: Bearer {api.token}\r\n\r\n"
    assert raw(api, text.encode()).split(b" ", 2)[1] == b"421"


def test_two_hosts_are_refused(api: Process) -> None:
    assert ask(api, f"Host: 127.0.0.1:{api.port}", "Host: evil.example") in (400, 421)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}"])
def test_any_foreign_origin_is_403(api: Process, origin: str) -> None:
    assert ask(api, f"Origin: {origin.format(port=api.port)}") == 403


def test_our_own_origin_is_answered(api: Process) -> None:
    assert ask(api, f"Origin: http://127.0.0.1:{api.port}") == 200


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
def test_requests_from_other_sites_are_403(api: Process, site: str, status: int) -> None:
    assert ask(api, f"Sec-Fetch-Site: {site}") == status


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/jsonp", 415),
        ("", 415),
    ],
)
def test_only_json_is_taken(api: Process, kind: str, status: int) -> None:
    assert ask(api, f"Content-Type: {kind}", method="POST", body=TASK) == status


def test_a_body_of_one_mebibyte_is_taken_and_one_byte_more_is_413(api: Process) -> None:
    line = "Content-Type: application/json"
    assert ask(api, line, method="POST", body=TASK.ljust(BODY_LIMIT)) == 201
    assert ask(api, line, method="POST", body=TASK.ljust(BODY_LIMIT + 1)) == 413
    assert ask(api, line, method="POST", body=TASK.ljust(10 << 20)) == 413


def test_a_chunked_body_is_measured_too(api: Process) -> None:
    def chunked(size: int) -> bytes:
        body = TASK.ljust(size)
        parts = [body[n : n + 65536] for n in range(0, size, 65536)]
        return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"

    lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
    assert ask(api, *lines, method="POST", body=chunked(BODY_LIMIT)) == 201
    assert ask(api, *lines, method="POST", body=chunked(BODY_LIMIT + 1)) == 413


def test_a_refused_request_with_a_body_gets_its_answer(api: Process) -> None:
    assert ask(api, "Authorization:", method="POST", body=b"x" * 500_000) == 401


@pytest.mark.parametrize(
    "start",
    [
        "",
        "GET /api/health HTTP/1.1\r\n",
        "POST /api/agent/tasks HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n" + '{{"dir',
    ],
)
def test_a_client_that_stops_in_the_middle_is_let_go(api: Process, start: str) -> None:
    begin = time.monotonic()
    answer = raw(api, start.format(port=api.port, token=api.token).encode())
    assert answer.split(b" ", 2)[1:2] in ([], [b"408"])
    assert time.monotonic() - begin < 5


def test_a_client_that_drips_is_let_go(api: Process) -> None:
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", api.port), 10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        with pytest.raises(OSError):
            for _ in range(100):
                connection.sendall(b"X: y\r\n")
                time.sleep(0.05)
    assert time.monotonic() - begin < 4


def test_a_second_slow_request_on_a_kept_connection_is_let_go(api: Process) -> None:
    with socket.create_connection(("127.0.0.1", api.port), 10) as connection:
        connection.sendall(f"GET /api/health HTTP/1.1\r\nHost: localhost:{api.port}\r\n\r\n".encode())
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 200")
        begin = time.monotonic()
        connection.sendall(b"GET /api/health HTTP/1.1\r\n")
        assert connection.recv(65536) == b""
        assert time.monotonic() - begin < 4


@pytest.mark.parametrize("data", [b"\0\1\2\3\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 200_000 + b"\r\n\r\n"])
def test_garbage_is_refused_and_the_api_lives_on(api: Process, data: bytes) -> None:
    try:
        assert raw(api, data).startswith((b"HTTP/1.1 4", b""))
    except ConnectionError:
        pass
    assert ask(api) == 200


def test_an_upgrade_to_a_websocket_is_not_made(api: Process) -> None:
    lines = ("Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 13")
    assert ask(api, *lines, path="/api/agent/tasks") != 101


def test_it_listens_on_loopback_only(api: Process) -> None:
    listening = [one for one in psutil.Process(api.child.pid).net_connections() if one.status == psutil.CONN_LISTEN]
    assert [one.laddr.ip for one in listening] == ["127.0.0.1"]


def test_answers_are_not_kept_by_anybody_between(api: Process) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", api.port)
    connection.request("GET", "/api/agent/metrics", headers={"Authorization": f"Bearer {api.token}"})
    answer = connection.getresponse()
    assert answer.getheader("cache-control") == "no-store"
    assert answer.getheader("x-content-type-options") == "nosniff"
    assert answer.getheader("server") is None
    assert json.loads(answer.read())["window_days"] == 7
    connection.close()


def test_neither_token_nor_text_is_in_the_log(api: Process) -> None:
    ask(api, "Content-Type: application/json", method="POST", body=TASK)
    ask(api, path=f"/api/agent/tasks?token={api.token}")
    text = api.log.read_text()
    assert "ready at" in text
    assert api.token not in text
    assert "sesame" not in text
    assert "/api/agent/tasks" not in text
