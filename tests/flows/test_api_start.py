"""Starts that must fail: each with its own sentence and exit code."""

from __future__ import annotations

import logging
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.flows import api
from nightrun.hands import lock
from nightrun.hands.state_dir import StateDir


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """The API sets up the log of its process; here that is the test's."""
    before = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:], logging.root.level = before


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    root = tmp_path / "root"
    root.mkdir()
    return StateDir(root).create()


def refused(state: StateDir, capfd: pytest.CaptureFixture[str], port: int | None = None) -> tuple[int, str]:
    code = api.serve(state.root, port)
    text = capfd.readouterr().err
    assert "Traceback" not in text
    assert not state.api_json.exists()
    return code, text


def test_a_second_api_of_the_same_repository(state: StateDir, capfd: pytest.CaptureFixture[str]) -> None:
    held = lock.hold(state.lock("api"))
    assert held is not None
    code, text = refused(state, capfd)
    assert code == 75
    assert f"The API of {state.root} is running already. Its process is named in {held.path}." in text
    held.release()


def test_a_port_of_a_stranger_is_said_and_left_alone(state: StateDir, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        code, text = refused(state, capfd, port)
        assert code == 75
        assert f"Port {port} on 127.0.0.1 cannot be used: Address already in use." in text
        socket.create_connection(stranger.getsockname()).close()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PIPELINE_API_PORT", "http", "PIPELINE_API_PORT is not a port number: 'http'."),
        ("PIPELINE_API_PORT", "70000", "PIPELINE_API_PORT is not a port number: '70000'."),
        ("PIPELINE_DATABASE_URL", "postgresql://x", "this version keeps its state in .pipeline/pipeline.db only"),
    ],
)
def test_wrong_settings(
    state: StateDir,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    words: str,
) -> None:
    monkeypatch.setenv(name, value)
    code, text = refused(state, capfd)
    assert code == 2
    assert words in text


def test_a_token_that_others_can_read(state: StateDir, capfd: pytest.CaptureFixture[str]) -> None:
    state.token.write_text("x" * 43)
    state.token.chmod(0o644)
    code, text = refused(state, capfd)
    assert code == 1
    assert "Others can read the token file" in text


def test_a_newer_schema(state: StateDir, capfd: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(state.db)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    code, text = refused(state, capfd)
    assert code == 1
    assert "written by a newer nightrun" in text


def test_a_damaged_database(state: StateDir, capfd: pytest.CaptureFixture[str]) -> None:
    state.db.write_bytes(b"no database" * 1000)
    code, text = refused(state, capfd)
    assert code == 75
    assert "The database is damaged: file is not a database." in text
