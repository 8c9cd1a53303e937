"""The pulse of a runner: it stops when the runner hangs, also in the middle of a long step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nightrun.flows import runner_pulse
from nightrun.flows.runner_pulse import Pulse
from nightrun.hands import heartbeat
from nightrun.hands.heartbeat import Heart

SLACK_S = 0.3


@pytest.fixture
def counter(tmp_path: Path) -> Callable[[], int]:
    def read() -> int:
        found = heartbeat.read(tmp_path / "runner-1.json")
        return found[1] if found else 0

    return read


@pytest.fixture
def pulse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulse]:
    monkeypatch.setattr(runner_pulse, "SLACK_S", SLACK_S)
    monkeypatch.setattr(runner_pulse, "BEAT_S", 0.01)
    client: Any = None
    made = Pulse(Heart(tmp_path / "runner-1.json"), client)
    made.start()
    yield made
    made.end()


def stands_still(counter: Callable[[], int]) -> bool:
    """Whether it does so for a while, after at most some seconds."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        before = counter()
        time.sleep(0.1)
        if counter() == before:
            return True
    return False


def test_it_beats_as_long_as_the_step_is_watched_and_no_longer(pulse: Pulse, counter: Callable[[], int]) -> None:
    with pulse.step("agent", 0.0):
        end, first = time.monotonic() + 3 * SLACK_S, counter()
        while time.monotonic() < end:
            pulse.moves()
            time.sleep(0.01)
        assert counter() > first
        assert stands_still(counter)
    before = counter()
    time.sleep(0.1)
    assert counter() > before


def test_the_time_of_a_step_goes_on_after_a_step_in_it(pulse: Pulse, counter: Callable[[], int]) -> None:
    """A landing runs the gate in between."""
    with pulse.step("landing", 100.0):
        with pulse.step("gate", 0.0):
            pass
        time.sleep(2 * SLACK_S)
        before = counter()
        time.sleep(0.1)
        assert counter() > before
