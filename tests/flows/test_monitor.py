from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nightrun.decisions import rounds
from nightrun.flows import monitor, monitor_look
from nightrun.flows.monitor import Monitor
from nightrun.flows.monitor_look import Memory
from nightrun.hands import clock
from nightrun.hands.client import ApiAway, Refused
from nightrun.hands.heartbeat import Heart
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words.issue import Finding
from nightrun.words.task import Task
from tests.conditions import facts as given

NOW = given.T0
LOW_RATE = "Analyze 7d success rate; suggest prompt/model/meta improvements."


class FakeClient:
    """The API of a small run: it keeps issues and tasks as the real one does."""

    def __init__(self, **snapshot: Any) -> None:
        self.facts: dict[str, Any] = {
            "counts": {"running": 0, "pending": 0},
            "pauses": [],
            "started_at": NOW - 3600,
            "last_evaluation": NOW - 60,
            "oldest_ready": None,
            "running": [],
            "finished": [],
            "attempts": [],
            "window": given.window(10, 0),
            "unlanded": [],
            "needs_decision": [],
            "heals": [],
            "runners": [],
            "disk_free_bytes": 100 << 30,
            "disk_total_bytes": 200 << 30,
            **snapshot,
        }
        self.away = False
        self.no_metrics = False
        self.build_id = "b1"
        self.api_started_at = NOW - 3600
        self.issues: list[dict[str, Any]] = []
        self.states: list[dict[str, Any]] = []
        self.added: dict[str, Task] = {}
        self.looks = 0

    def health(self, *, timeout_s: float | None = None) -> dict[str, Any]:
        self.looks += 1
        if self.away:
            raise ApiAway("The nightrun API is not running here.")
        return {"build_id": self.build_id, "started_at": self.api_started_at}

    def metrics(self) -> dict[str, Any]:
        if self.no_metrics:
            raise Refused(404, "Not Found")
        return {}

    def snapshot(self) -> dict[str, Any]:
        heals = [asdict(one) for one in self.added.values() if one.task_type == "heal"]
        return {**self.facts, "issues": self.issues, "heals": heals}

    def issues_state(self) -> dict[str, Any]:
        return {"conditions": self.states, "issues": self.issues}

    def send_findings(self, findings: list[Finding]) -> dict[str, Any]:
        firing = [one for one in findings if one.state == "firing"]
        old = {(one["condition"], one["fingerprint"]): one for one in self.issues}
        self.issues = [old.get((one.condition, one.fingerprint)) or _issue(one) for one in firing]
        self.states = [
            {"condition": one.condition, "fingerprint": one.fingerprint, "state": one.state, "since": NOW}
            for one in findings
        ]
        return {"opened": [one for one in self.issues if one not in old.values()], "resolved": [], "open": self.issues}

    def task(self, task_id: str) -> Task:
        if task_id in self.added:
            return self.added[task_id]
        return Task(id=task_id, direction="x", task_type="impl", output="a" * 9000 + "the end", error_class="gate")

    def add_task(self, direction: str, task_type: str, **fields: Any) -> Task:
        for known in self.added.values():
            if known.dedup_key == fields["dedup_key"]:
                return known
        task = Task(id=f"h{len(self.added)}", direction=direction, task_type=task_type, created_at=NOW, **fields)
        self.added[task.id] = task
        return task

    def patch_issue(self, issue_id: str, **fields: Any) -> dict[str, Any]:
        (issue,) = (one for one in self.issues if one["id"] == issue_id)
        issue.update(fields)
        return issue


def _issue(finding: Finding) -> dict[str, Any]:
    key = f"{finding.condition}{finding.fingerprint}"
    return {**asdict(finding), "id": f"i-{key}", "first_seen": NOW, "heal_task_id": None}


def look(client: Any, memory: Memory | None = None, auto_fix: bool = True, now: float = NOW, **facts: Any) -> Any:
    known = {"policy_problem": "", "hook_problems": [], "auto_commit": True, **facts}
    return monitor_look.look(client, Policy(), memory or Memory(), known, auto_fix=auto_fix, now=now)


def low_rate(**more: Any) -> FakeClient:
    """Of ten tasks two were completed; each of the others failed in its own way."""
    failed = [given.task(n, "failed", error_summary=word) for n, word in enumerate(("tree", "index", "merge"), 2)]
    return FakeClient(window=given.window(2, 8), finished=[given.task(1), *failed], **more)


def test_a_healthy_run_has_nothing_to_say_but_what_it_does_not_know() -> None:
    looked = look(FakeClient())
    assert {one.condition for one in looked.findings if one.state != "ok"} == {"gate_red"}
    assert (looked.issues, looked.heals, looked.restart) == ([], [], None)


def test_a_low_success_rate_makes_an_issue_and_one_heal_with_the_exact_direction() -> None:
    client = low_rate()
    looked = look(client)
    assert [one["condition"] for one in looked.issues] == ["low_success_rate"]
    (heal,) = client.added.values()
    assert (heal.task_type, heal.direction) == ("heal", LOW_RATE)
    assert client.issues[0]["heal_task_id"] == heal.id


def test_without_auto_fix_there_is_only_the_issue() -> None:
    client = low_rate()
    assert [one["condition"] for one in look(client, auto_fix=False).issues] == ["low_success_rate"]
    assert client.added == {}


def test_looking_again_adds_no_second_heal() -> None:
    client = low_rate()
    for minute in range(30):
        look(client, now=NOW + 60 * minute)
    assert len(client.added) == 1


def test_a_heal_is_shown_the_end_of_the_failing_output() -> None:
    client = low_rate()
    look(client)
    (heal,) = client.added.values()
    assert [one["task"] for one in heal.context["failing_output"]] == ["t2", "t3", "t4"]
    assert heal.context["failing_output"][0]["output"] == "a" * 3993 + "the end"
    assert (heal.context["condition"], heal.context["issue"]) == ("low_success_rate", "i-low_success_rate")


def test_a_heal_is_shown_the_last_change_and_knows_how_it_was_before() -> None:
    client = low_rate()
    known = {"policy_problem": "", "hook_problems": [], "auto_commit": True}
    diffs = {"t3": "the change of t3"}
    monitor_look.look(
        client,  # type: ignore[arg-type]
        Policy(),
        Memory(),
        known,
        auto_fix=True,
        now=NOW,
        diff_of=lambda task: diffs.get(task.id, ""),
    )
    (heal,) = client.added.values()
    assert heal.context["last_diff"] == "the change of t3"
    assert heal.context["before"] == {"completed": 1, "total": 4, "threshold": 0.7, "mean_gap": None}


def test_a_remedy_that_never_helped_is_not_asked_for_again() -> None:
    client = low_rate()
    context = {"condition": "low_success_rate", "fingerprint": ""}
    ends = [NOW - n * 86_400 for n in (9, 6, 3)]
    heals = [
        {"id": f"o{n}", "status": "completed", "created_at": end, "finished_at": end, "context": context}
        for n, end in enumerate(ends)
    ]
    helped = {"id": "o3", "status": "completed", "created_at": NOW - 86_400, "context": {"condition": "gate_red"}}
    facts = client.snapshot()
    client.snapshot = lambda: {  # type: ignore[method-assign]
        **facts,
        "issues": client.issues,
        "heals": [*heals, helped],
        "effects": [{"task": one["id"], "effect": "not recovered"} for one in heals],
    }
    assert [one["condition"] for one in look(client).issues] == ["low_success_rate"]
    assert client.added == {}


def test_while_the_disk_is_full_nothing_else_is_an_issue_and_no_restart_is_asked_for() -> None:
    ready = {"oldest_ready": {"id": "t1", "ready_at": NOW - 700}, "ready_count": 1}
    client = FakeClient(disk_free_bytes=1 << 20, finished=given.tasks("FFFFF"), window=given.window(0, 5), **ready)
    looked = look(client)
    assert [one["condition"] for one in looked.issues] == ["disk_low"]
    assert (looked.restart, client.added) == (None, {})


def test_more_than_ten_new_issues_in_an_hour_become_one() -> None:
    rows = []
    for kind in range(15):
        word = "".join(chr(97 + int(digit)) for digit in str(kind))
        rows += [given.task(kind * 3 + n, "failed", error_summary=f"bad {word}") for n in range(3)]
    client = FakeClient(finished=[given.task(0), *rows], window=given.window(80, 3))
    looked = look(client)
    names = [one["condition"] for one in looked.issues]
    assert (names.count("repeated_failures"), names.count("many_issues")) == (10, 1)
    (collective,) = (one for one in looked.issues if one["condition"] == "many_issues")
    about = "low_success_rate, repeated_failures"
    assert collective["message"] == f"6 more than the 10 new issues an hour that are shown: {about}"


def test_repeated_failures_ask_for_a_meta_item() -> None:
    client = FakeClient(finished=given.tasks("FFF"))
    look(client)
    (heal,) = client.added.values()
    asked = "Suggest meta-pipeline item to specs/007-meta-pipeline-backlog.md if root cause identified."
    assert asked in heal.direction.split("\n")[0]


def test_a_heal_that_could_not_be_linked_is_not_added_twice() -> None:
    client = low_rate()
    link, client.patch_issue = client.patch_issue, _fails  # type: ignore[method-assign]
    assert look(client).heals == []
    client.patch_issue = link  # type: ignore[method-assign]
    # The first task is at work, so no other one is asked for.
    look(client)
    assert len(client.added) == 1


def _fails(*_: Any, **__: Any) -> dict[str, Any]:
    raise ApiAway("gone")


def test_a_failed_heal_is_no_failure_of_the_work() -> None:
    failed = [given.task(n, "failed", task_type="heal") for n in range(1, 9)]
    client = FakeClient(finished=failed)
    assert look(client).issues == []
    assert client.added == {}


def test_no_task_running_asks_for_a_restart_and_never_for_a_heal() -> None:
    client = FakeClient(oldest_ready={"id": "t1", "ready_at": NOW - 600}, ready_count=1)
    looked = look(client)
    assert [one["condition"] for one in looked.issues] == ["no_task_running"]
    assert looked.restart == {"reason": "no_task_running", "at": NOW, "target": "runner", "build_id": "b1"}
    assert client.added == {}


def test_at_most_three_restarts_an_hour_are_asked_for() -> None:
    client = FakeClient(oldest_ready={"id": "t1", "ready_at": NOW - 600}, ready_count=1)
    memory = Memory(asked=[{"reason": "no_task_running", "target": "runner", "at": NOW - n} for n in (1, 2, 3599)])
    assert look(client, memory).restart is None
    memory.asked.pop()
    assert look(client, memory).restart is not None


def test_an_api_that_is_away_is_an_issue_after_three_looks_and_the_others_stay() -> None:
    client, memory = low_rate(), Memory()
    look(client, memory)
    client.away = True
    states = [look(client, memory).findings[-4:] for _ in range(2)]
    assert states
    looked = look(client, memory)
    assert {one["condition"] for one in looked.issues} == {"low_success_rate", "api_unreachable"}
    assert all(one.state == "unknown" for one in looked.findings if not one.condition.startswith("api_"))
    assert looked.restart is None
    client.away = False
    assert [one["condition"] for one in look(client, memory).issues] == ["low_success_rate"]


def test_metrics_404_asks_for_one_restart_of_the_api_and_then_is_an_issue() -> None:
    client, memory = FakeClient(), Memory()
    client.no_metrics = True
    first, second = look(client, memory), look(client, memory, now=NOW + 60)
    assert (first.restart, first.issues) == (None, [])
    assert second.restart == {"reason": "api_stale", "at": NOW + 60, "target": "api", "build_id": "b1"}
    assert second.issues == []
    memory.asked.append(second.restart)
    client.api_started_at = NOW + 70
    memory.route_missing = 0
    looks = [look(client, memory, now=NOW + 120 + 60 * n) for n in range(10)]
    assert all(one.restart is None for one in looks)
    assert [one["condition"] for one in looks[-1].issues] == ["api_stale"]


def test_another_build_that_lacks_the_route_gets_its_own_restart() -> None:
    client = FakeClient()
    client.no_metrics, client.build_id = True, "b2"
    memory = Memory(asked=[{"reason": "api_stale", "target": "api", "at": NOW - 3000, "build_id": "b1"}])
    look(client, memory)
    assert look(client, memory).restart is not None


def test_an_api_without_a_snapshot_is_unknown_but_its_stale_build_is_seen() -> None:
    client, memory = FakeClient(), Memory()
    client.no_metrics = True
    client.snapshot = lambda: (_ for _ in ()).throw(Refused(404, "Not Found"))  # type: ignore[method-assign]
    look(client, memory)
    looked = look(client, memory)
    assert looked.restart is not None
    assert {one.state for one in looked.findings if one.condition == "low_success_rate"} == {"unknown"}


def test_a_condition_that_fails_is_unknown_and_the_others_count() -> None:
    looked = look(low_rate(needs_decision=[{"no": "id"}]))
    states = {one.condition: one.state for one in looked.findings}
    assert states["needs_decision"] == "unknown"
    assert states["low_success_rate"] == "firing"


def test_a_condition_that_is_off_is_not_looked_for() -> None:
    policy = Policy.model_validate({"monitor": {"low_success_rate": {"on": False}}})
    looked = monitor_look.look(low_rate(), policy, Memory(), {}, auto_fix=True, now=NOW)  # type: ignore[arg-type]
    assert looked.issues == []


# -- the process


@pytest.fixture
def state(tmp_path: Path) -> StateDir:
    return StateDir(tmp_path).create()


def make(state: StateDir, client: Any, interval: float = 60.0) -> Monitor:
    policy = Policy.model_validate({"monitor": {"interval": interval}})
    heart = Heart(state.heartbeat("monitor"))
    return Monitor(state, client, lambda: policy, dict, auto_fix=True, heart=heart)


@pytest.fixture
def running() -> Iterator[list[Monitor]]:
    started: list[Monitor] = []
    yield started
    for one in started:
        one.stop.set()


def start(one: Monitor, running: list[Monitor]) -> None:
    running.append(one)
    threading.Thread(target=one.run, daemon=True).start()


def wait_for(what: Any, seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_each_round_is_written_down_and_the_heart_beats(state: StateDir, running: list[Monitor]) -> None:
    client = low_rate()
    start(make(state, client, interval=0.05), running)
    wait_for(lambda: client.looks >= 3)
    said = json.loads(state.monitor_issues.read_text())
    assert [one["condition"] for one in said["issues"]] == ["low_success_rate"]
    assert said["last_check"] > NOW - 10**9
    assert json.loads(state.heartbeat("monitor").read_text())["counter"] >= 2


def test_a_round_that_fails_is_survived(state: StateDir, running: list[Monitor]) -> None:
    client = FakeClient()
    client.health = lambda **_: (_ for _ in ()).throw(RuntimeError("boom"))  # type: ignore[method-assign]
    one = make(state, client, interval=0.05)
    start(one, running)
    time.sleep(0.2)
    assert not state.monitor_issues.exists()
    client.health = FakeClient().health  # type: ignore[method-assign]
    wait_for(state.monitor_issues.exists)


def test_a_monitor_whose_looks_all_fail_ends_so_that_it_is_started_anew(
    state: StateDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its heart beats, and still nobody watches: nothing but its end shows that to the supervisor."""
    monkeypatch.setattr(rounds, "FAILING_S", 0.1)
    monkeypatch.setattr(monitor, "RETRY_S", 0.02)
    client = FakeClient()
    client.health = lambda **_: (_ for _ in ()).throw(RuntimeError("boom"))  # type: ignore[method-assign]
    assert make(state, client, interval=600).run() == rounds.EXIT_CODE


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ApiAway("gone")])
def test_a_monitor_that_cannot_finish_for_a_reason_outside_goes_on(
    error: Exception, state: StateDir, running: list[Monitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "FAILING_S", 0.0)
    looks: list[int] = []
    one = make(state, FakeClient(), interval=0.01)
    one.tell = lambda _: (looks.append(1), (_ for _ in ()).throw(error))
    start(one, running)
    wait_for(lambda: len(looks) > 3)
    assert len(looks) > 3, "it ended after what went wrong"


def test_a_look_can_be_asked_for(state: StateDir, running: list[Monitor]) -> None:
    client = FakeClient()
    start(make(state, client, interval=600), running)
    wait_for(lambda: client.looks == 1)
    monitor.look_requested(state).touch()
    wait_for(lambda: client.looks == 2)
    assert not monitor.look_requested(state).exists()


def test_a_restart_is_requested_once_while_the_file_is_there(state: StateDir) -> None:
    # The time of this machine, as the request must not look old.
    now = time.time()
    client = FakeClient(started_at=now - 3600, oldest_ready={"id": "t1", "ready_at": now - 700}, ready_count=1)
    one = make(state, client)
    one.round()
    first = state.restart_requested.read_bytes()
    assert json.loads(first)["reason"] == "no_task_running"
    one.round()
    assert state.restart_requested.read_bytes() == first
    assert len(one.memory.asked) == 1
    state.restart_requested.unlink()
    one.round()
    assert len(one.memory.asked) == 2


def test_restarts_that_an_earlier_monitor_asked_for_are_remembered(state: StateDir, running: list[Monitor]) -> None:
    asked = [{"reason": "api_stale", "target": "api", "at": NOW, "build_id": "b1"}, "garbage"]
    state.monitor_issues.write_text(json.dumps({"restarts_asked": asked}))
    one = make(state, FakeClient(), interval=600)
    start(one, running)
    wait_for(lambda: one.memory.asked == asked[:1])
    assert one.memory.asked == asked[:1]


def test_timers_start_anew_after_the_machine_slept(state: StateDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 40: what lasted before a sleep of eight hours says nothing about the work after it."""
    one, gap = make(state, FakeClient()), clock.asleep()
    monkeypatch.setattr(clock, "asleep", lambda: gap + 29.0)
    one._notice_sleep()
    assert one.memory.resumed_at is None
    monkeypatch.setattr(clock, "asleep", lambda: gap + 8 * 3600.0)
    one._notice_sleep()
    assert one.memory.resumed_at == pytest.approx(time.time(), abs=60)
