"""A build that is installed over the one that runs: it takes over only when it starts (see also test_supervisor.py)."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from nightrun.flows import supervisor_upgrade
from nightrun.flows.supervisor_upgrade import Upgrade
from nightrun.hands import build, process
from nightrun.hands.process import Finished


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    builds = ["old"]
    monkeypatch.setattr(build, "build_id", lambda: builds[-1])
    yield builds


def ends_with(monkeypatch: pytest.MonkeyPatch, code: int) -> list[int]:
    """The new build ends so when it is tried; each try."""
    tries: list[int] = []

    def run(*_: object, **__: object) -> Finished:
        tries.append(code)
        return Finished("nightrun", code, b"", b"Traceback\nImportError: no such thing\n", 0.1, False, False)

    monkeypatch.setattr(process, "run", run)
    return tries


def test_a_build_that_does_not_start_is_said_once_and_does_not_take_over(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    tries = ends_with(monkeypatch, 1)
    upgrade = Upgrade(0.0, said.append)
    installed.append("broken")
    assert [upgrade.ready() for _ in range(5)] == [None] * 5
    assert said == ["build broken is installed and does not start (ImportError: no such thing); going on with old"]
    assert tries == [1]
    installed.append("mended")
    ends_with(monkeypatch, 0)
    assert [upgrade.ready() for _ in range(2)] == [None, "mended"]


def test_a_run_that_was_started_anew_knows_when_it_began_and_is_not_soon_started_anew_again(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(supervisor_upgrade.VARIABLE, "1000.5 20.25")
    ends_with(monkeypatch, 0)
    upgrade = Upgrade(0.0, print)
    assert supervisor_upgrade.take_since() == (1000.5, 20.25)
    assert supervisor_upgrade.VARIABLE not in os.environ
    installed.append("new")
    assert [upgrade.ready() for _ in range(3)] == [None] * 3
