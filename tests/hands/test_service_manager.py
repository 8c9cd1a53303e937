from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.hands import service_manager
from nightrun.hands.service_manager import ServiceManager


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(5)
        yield channel


def said(channel: socket.socket) -> list[str]:
    channel.setblocking(False)
    found = []
    while True:
        try:
            found.append(channel.recv(100).decode())
        except BlockingIOError:
            return found


@pytest.mark.parametrize("abstract", [False, True])
def test_each_state_is_one_datagram(
    listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, abstract: bool
) -> None:
    name = f"@nightrun-{os.getpid()}" if abstract else str(tmp_path / "notify")
    listener.bind(f"\0{name[1:]}" if abstract else name)
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    manager = ServiceManager()
    manager.ready()
    manager.alive()
    manager.alive()  # not sooner than every 20 s
    manager.stopping()
    assert said(listener) == ["READY=1", "WATCHDOG=1", "STOPPING=1"]


def test_sign_of_life_comes_again_after_its_time(
    listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setattr(service_manager, "ALIVE_EVERY_S", 0.0)
    manager = ServiceManager()
    manager.alive()
    manager.alive()
    assert said(listener) == ["WATCHDOG=1"] * 2


def test_programs_that_we_start_do_not_speak_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, "x")
    ServiceManager()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & set(os.environ)


@pytest.mark.parametrize("address", ["", "/nowhere/at/all", "@nobody-listens-here"])
def test_nobody_who_listens_is_no_failure(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    manager = ServiceManager()
    manager.ready()
    manager.stopping()


def test_manager_that_does_not_read_is_not_waited_for(
    listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener.bind(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    manager = ServiceManager()
    for _ in range(1000):  # far more than a queue of datagrams holds
        manager.ready()
    assert 0 < len(said(listener)) < 1000
