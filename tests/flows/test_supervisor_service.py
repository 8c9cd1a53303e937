"""A supervisor that systemd started: it says when it is ready, that it looks, and when it ends."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.supervisor_world import Night


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(str(tmp_path / "notify"))
        channel.settimeout(15)
        yield channel


def test_systemd_is_told_ready_alive_and_stopping(night: Night, manager: socket.socket) -> None:
    night.start(env={"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "60000000"})
    assert manager.recv(100) == b"READY=1"
    assert night.starts("api"), "ready only when the API is"
    assert manager.recv(100) == b"WATCHDOG=1"
    night.running()
    environment = Path(f"/proc/{night.starts('runner-1')[0]}/environ").read_bytes()
    assert b"NOTIFY_SOCKET" not in environment and b"WATCHDOG" not in environment
    night.signal(signal.SIGTERM)
    assert manager.recv(100) == b"STOPPING=1"
    assert night.end() == 0


def test_api_that_does_not_come_up_is_never_ready(night: Night, manager: socket.socket) -> None:
    night.start(env={"NOTIFY_SOCKET": manager.getsockname()}, missing=["api"], pace={"ready": 0.3})
    assert manager.recv(100) == b"STOPPING=1"
    assert night.end() == 1
