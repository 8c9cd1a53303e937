"""A runner that lives but does not get on: whether it ends, so that the supervisor starts it anew."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from nightrun.decisions import rounds
from nightrun.flows import runner
from nightrun.flows.runner import Runner
from nightrun.hands.client import ApiAway, Refused


class Pulse:
    def start(self) -> None: ...
    def end(self) -> None: ...
    def moves(self) -> None: ...


def run(monkeypatch: pytest.MonkeyPatch, errors: list[Exception]) -> tuple[int, int]:
    """Rounds that end with these errors, the last of them for ever; the exit code, and how many rounds there were.

    A runner that would go on for ever is stopped, as by its supervisor, after 50 rounds.
    """
    monkeypatch.setattr(rounds, "FAILING_S", 0.05)
    monkeypatch.setattr(runner, "AWAY_S", 0.01)
    world: Any = SimpleNamespace(stop=threading.Event(), pulse=Pulse(), report=lambda **_: None)
    one, done = Runner(world, recover_at=None), []

    def round_() -> None:
        done.append(1)
        if len(done) == 50:
            world.stop.set()
        raise errors[min(len(done), len(errors)) - 1]

    monkeypatch.setattr(one, "_round", round_)
    monkeypatch.setattr(one, "_walls", lambda: "in a test")
    return one.run(), len(done)


@pytest.mark.parametrize("error", [KeyError("x"), Refused(422, "what?")])
def test_a_runner_whose_rounds_all_fail_ends(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    code, count = run(monkeypatch, [error])
    assert code == rounds.EXIT_CODE
    assert 2 < count < 50


@pytest.mark.parametrize("error", [ApiAway("gone"), OSError(28, "No space left on device")])
def test_a_runner_that_lacks_something_outside_itself_goes_on(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another start of it would not bring back an API or a disk (reliability.md S3)."""
    assert run(monkeypatch, [KeyError("x"), error]) == (0, 50)
