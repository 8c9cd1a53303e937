from __future__ import annotations

import json
import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from nightrun.flows import monitor_notify
from nightrun.flows.monitor import Monitor
from nightrun.flows.monitor_look import Looked
from nightrun.flows.monitor_notify import Herald
from nightrun.hands import files
from nightrun.hands.client import Client
from nightrun.hands.heartbeat import Heart
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from tests.decisions import seen

LOOKED = Looked(at=seen.NOW, findings=[], issues=[seen.issue()], resolved=[], heals=[], restart=None)


class Api:
    def snapshot(self) -> dict[str, Any]:
        return seen.snapshot()


def herald(root: Path, command: str, timeout_s: float = 10.0, **settings: Any) -> Herald:
    """One that tells a shell command."""
    StateDir(root).create()
    notify = {"command": ["sh", "-c", command], "debounce": 0, **settings}
    policy = Policy.model_validate({"notify": notify})
    return Herald(root, cast(Client, Api()), lambda: policy, timeout_s)


def told(root: Path) -> list[dict[str, Any]]:
    path = root / "told"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_issue_is_told_once_also_by_the_next_monitor(repo: Path) -> None:
    for _ in range(2):
        one = herald(repo, "cat >> told; echo >> told")
        for _ in range(2):
            one(LOOKED)
            one.wait(10)
    (message,) = told(repo)
    assert message["title"] == "nightrun repo: 1 new issue"
    assert (message["kind"], message["severity"], message["repository"]) == ("problem", "high", str(repo))
    one(replace(LOOKED, issues=[], at=seen.NOW + 60))
    one.wait(10)
    assert told(repo)[1]["kind"] == "over"


def test_fatal_issue_of_the_supervisor_is_told(repo: Path) -> None:
    one = herald(repo, "cat >> told; echo >> told")
    files.write_json(StateDir(repo).fatal_issues, {"reason": "api_restart_failed", "detail": "api died"})
    one(replace(LOOKED, issues=[]))
    one.wait(10)
    assert "fatal: api_restart_failed: api died" in told(repo)[0]["text"]


def test_report_of_the_day_is_sent_once(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monitor_notify.notifying, "report_day", lambda state, *_, **__: None if state.reported else "x")
    one = herald(repo, "cat >> told; echo >> told")
    for _ in range(2):
        one(replace(LOOKED, issues=[]))
        one.wait(10)
    assert [each["kind"] for each in told(repo)] == ["report"]


def test_program_that_hangs_holds_up_neither_this_look_nor_the_next(repo: Path) -> None:
    one = herald(repo, "touch began; exec sleep 600", timeout_s=0.5)
    one(LOOKED)
    assert one.is_telling
    before = threading.active_count()
    one(LOOKED)  # one at a time
    assert threading.active_count() == before
    one.wait(10)
    assert not one.is_telling
    assert "did not end within 0.5 s" in files.read_json(monitor_notify.kept(StateDir(repo)))["problem"]


def test_failure_is_logged_once_and_told_when_it_is_over(repo: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    one = herald(repo, "test -e works && cat >> told || exit 1")
    for number in range(3):
        one(replace(LOOKED, at=seen.NOW + number * 600))
        one.wait(10)
    (repo / "works").touch()
    one(replace(LOOKED, at=seen.NOW + 86_400))
    one.wait(10)
    assert [each.message for each in caplog.records] == [
        "people could not be told: sh: exit code 1: ",
        "people are told again",
    ]
    assert len(told(repo)) == 1


def test_whatever_breaks_stays_in_its_thread(repo: Path, caplog: pytest.LogCaptureFixture) -> None:
    one = herald(repo, "cat >> told; echo >> told")
    monitor_notify.kept(StateDir(repo)).mkdir()  # cannot be written
    for _ in range(2):
        one(LOOKED)
        one.wait(10)
    (record,) = caplog.records
    assert "IsADirectoryError" in record.message
    assert len(told(repo)) == 1


def test_monitor_goes_on_when_telling_breaks(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Looked] = []

    def tell(looked: Looked) -> None:
        calls.append(looked)
        if len(calls) == 1:
            raise ValueError("broken")
        one.stop.set()

    state = StateDir(repo).create()
    policy = Policy.model_validate({"monitor": {"interval": "10ms"}})
    one = Monitor(
        state=state,
        client=cast(Client, None),
        policy=lambda: policy,
        facts=dict,
        auto_fix=False,
        heart=Heart(state.heartbeat("monitor")),
        tell=tell,
    )
    monkeypatch.setattr(one, "round", lambda: LOOKED)
    one.run()
    assert calls == [LOOKED, LOOKED]


def test_nobody_to_tell_costs_nothing(repo: Path) -> None:
    one = Herald(repo, cast(Client, Api()), Policy)
    one(LOOKED)
    assert not one.is_telling and not monitor_notify.kept(StateDir(repo)).exists()


def test_addresses_come_from_the_environment_or_from_env_file(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repo / "pipeline.yaml").write_text(
        "version: 1\ntask_types: {spec: {gate: []}, impl: {gate: []}, test: {gate: []}, review: {gate: []}}\n"
        "notify: {urls_from: [PIPELINE_NOTIFY_URLS, PIPELINE_NOTIFY_MORE, CHAT_URL]}\n"
    )
    (repo / ".env").write_text("PIPELINE_NOTIFY_URLS=ntfy://topic\nPIPELINE_NOTIFY_MORE=slack://x gotify://y\n")
    monkeypatch.setenv("CHAT_URL", "discord://token")
    assert monitor_notify.set_up(repo)["services"] == ["ntfy", "slack", "gotify", "discord"]
    assert "token" not in json.dumps(monitor_notify.set_up(repo))
