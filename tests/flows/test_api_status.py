from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.api_world import T0, Room


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.desk.db.close()


def test_health(api: Room) -> None:
    assert api.ok("GET", "/api/health") == {
        **{"status": "ok", "version": "1.2.3", "build_id": "b" * 12},
        **{"started_at": T0, "boot_id": "boot", "timestamp": T0},
    }


def test_no_fatal_issue(api: Room) -> None:
    assert api.ok("GET", "/api/agent/fatal-issues") == {"fatal": False}


@pytest.mark.parametrize(
    ("text", "reason"),
    [('{"at": 1, "reason": "api_restart_failed"}', "api_restart_failed"), ("{", "fatal_issues.json cannot be read")],
)
def test_a_fatal_issue(api: Room, text: str, reason: str) -> None:
    api.desk.state.fatal_issues.write_text(text)
    shown = api.ok("GET", "/api/agent/fatal-issues")
    assert (shown["fatal"], shown["reason"]) == (True, reason)
    assert api.ok("GET", "/api/agent/status-report")["overall"]["needs_attention"][-1] == f"fatal: {reason}"


def test_pipeline_status_has_the_fields_of_the_prior_system(api: Room) -> None:
    api.add(task_type="spec", direction="done before")
    api.end(api.claim(), output="the answer")
    api.now = T0 + 5
    api.add(direction="x" * 300)
    task = api.claim()
    waiting = api.add(task_type="test")
    api.now = T0 + 15
    api.desk.state.task_log(task["id"], 1).write_text("\n".join(str(n) for n in range(30)))
    shown = api.ok("GET", "/api/agent/pipeline-status")
    (running,) = shown["running"]
    assert (running["id"], len(running["direction"]), running["running_seconds"]) == (task["id"], 100, 10)
    assert running["live_tail"] == [str(n) for n in range(10, 30)]
    assert [(one["id"], one["wait_seconds"]) for one in shown["pending"]] == [(waiting["id"], 10)]
    assert shown["running_by_phase"] == {"spec": 0, "impl": 1, "test": 1, "review": 0}
    assert [one["duration_seconds"] for one in shown["recent_completed"]] == [0]
    assert shown["latest_request"]["id"] == waiting["id"]
    assert shown["latest_response"]["output"] == "the answer"
    assert shown["project_manager"] is None
    assert set(shown["running"][0]) >= {
        *("id", "task_type", "model", "direction", "created_at", "updated_at"),
        *("wait_seconds", "running_seconds", "duration_seconds"),
    }


def test_attention_is_raised_by_open_issues(api: Room) -> None:
    look = {"findings": [{"condition": name, "state": "firing"} for name in ("no_task_running", "disk_low")]}
    api.ok("POST", "/api/agent/monitor-issues", look)
    assert api.ok("GET", "/api/agent/pipeline-status")["attention"] == {
        "stuck": True,
        "repeated_failures": False,
        "output_empty": False,
        "executor_fail": False,
        "low_success_rate": False,
        "flags": ["disk_low", "no_task_running"],
    }


def test_a_quiet_pipeline_is_ok(api: Room) -> None:
    api.ok("POST", "/api/agent/monitor-issues", {"findings": []})
    report = api.ok("GET", "/api/agent/status-report")
    assert report["overall"]["status"] == "ok"
    assert report["overall"]["needs_attention"] == []
    assert "nothing needs a person" in report["overall"]["going_well"]
    layers = ("layer_0_goal", "layer_1_orchestration", "layer_2_execution", "layer_3_attention")
    assert [report[layer]["status"] for layer in layers] == ["ok"] * 4


def test_the_report_names_what_needs_attention_in_its_layer(api: Room) -> None:
    api.add()
    api.end(api.claim(), commit_state="held")
    api.add()
    api.end(api.claim(), "needs_decision")
    api.ok("POST", "/api/agent/monitor-issues", {"findings": [{"condition": "x", "state": "firing", "message": "m"}]})
    api.ok("POST", "/api/agent/pauses", {"scope": "intake", "reason": "lunch"})
    api.now = T0 + 1000
    assert api.ok("GET", "/api/agent/status-report")["overall"]["needs_attention"] == [
        "intake is paused by person: lunch",
        "the monitor last looked 1000 s ago",
        "1 completed changes have not landed",
        "x: m",
        "1 tasks need a decision",
    ]


def test_prometheus(api: Room) -> None:
    api.add()
    answer = api.call("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'nightrun_tasks{status="pending"} 1' in lines
    assert 'nightrun_build_info{version="1.2.3",build_id="bbbbbbbbbbbb"} 1' in lines
    assert "nightrun_tasks_ready 1" in lines
    assert all(line.startswith(("#", "nightrun_")) for line in lines)


def test_openapi_names_every_route_and_the_token(api: Room) -> None:
    document = api.ok("GET", "/openapi.json")
    assert set(document["paths"]) >= {
        *("/api/health", "/metrics", "/api/agent/tasks", "/api/agent/tasks/{task_id}"),
        *("/api/agent/tasks/{task_id}/log", "/api/agent/claim", "/api/agent/tasks/{task_id}/heartbeat"),
        *("/api/agent/metrics", "/api/agent/effectiveness", "/api/agent/monitor-issues", "/api/agent/fatal-issues"),
        *("/api/agent/status-report", "/api/agent/pipeline-status", "/api/agent/snapshot"),
    }
    assert document["security"] == [{"token": []}]
    assert document["paths"]["/api/health"]["get"]["security"] == []
    move = document["paths"]["/api/agent/tasks/{task_id}"]["patch"]["responses"]
    assert {"200", "400", "401", "403", "404", "409", "413", "415", "421", "422", "503"} <= set(move)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/nope"])
def test_there_are_no_documentation_pages(api: Room, path: str) -> None:
    assert api.call("GET", path).status_code == 404
