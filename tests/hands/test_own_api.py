from __future__ import annotations

import signal
from pathlib import Path

import pytest

from nightrun.hands import clock, own_api
from nightrun.hands.client import ApiAway
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import NightrunError, TryLater
from tests.flows.api_world import Process


def never() -> None:
    raise AssertionError("one runs already")


def test_the_one_that_runs_is_asked(repo: Path) -> None:
    api = Process(repo).ready()
    try:
        with own_api.answering(repo, never) as client:
            assert client.health()["status"] == "ok"
        assert api.child.poll() is None
    finally:
        api.kill()


def test_one_is_started_and_ends_with_the_question(repo: Path) -> None:
    state = StateDir(repo)
    with own_api.answering(repo, state.create) as client:
        client.add_task("x", "impl")
        pid = int(state.lock("api").read_text())
        assert clock.process_identity(pid) is not None
    assert clock.process_identity(pid) is None
    assert not state.api_json.exists()


def test_reason_against_a_start_is_told(repo: Path) -> None:
    def refuse() -> None:
        raise NightrunError("Not here.")

    with pytest.raises(NightrunError, match="Not here"), own_api.answering(repo, refuse):
        pass
    assert not (repo / ".pipeline").exists()


def test_api_elsewhere_is_never_replaced_by_one_here(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_API_URL", "http://127.0.0.1:9")
    with pytest.raises(ApiAway), own_api.answering(repo, never):
        pass


def test_one_that_runs_and_does_not_answer_is_said(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hangs: that none could be started beside it is not what a person has to know."""
    monkeypatch.setattr(own_api, "QUICK_S", 0.2)
    monkeypatch.setattr(own_api, "STARTS", 1)
    api = Process(repo).ready()
    api.child.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(TryLater, match="An API is running here, and does not answer"):
            with own_api.answering(repo, lambda: None):
                pass
    finally:
        api.kill()


def test_one_that_cannot_start_is_said_with_its_log(repo: Path) -> None:
    state = StateDir(repo).create()
    state.db.write_text("this is no database, and long enough to be taken for the head of one " * 20)
    with pytest.raises(TryLater) as found, own_api.answering(repo, lambda: None):
        pass
    assert found.value.hint == f"What it said last is in {state.log('api')}."
    assert state.log("api").read_text() != ""
