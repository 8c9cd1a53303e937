from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightrun.words.issue import Finding
from tests.flows.api_world import T0, Room


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.desk.db.close()


def test_the_snapshot_has_what_conditions_look_at(api: Room) -> None:
    api.add()
    api.end(api.claim(), "failed", error_class="gate", error_summary="red", output="abc", agent="script")
    api.add()
    shown = api.ok("GET", "/api/agent/snapshot")
    assert set(shown) >= {
        *("now", "started_at", "pauses", "counts", "running", "oldest_ready", "ready_count", "last_claim_at"),
        *("finished", "window", "unlanded", "needs_decision", "heals", "runners", "issues"),
        *("disk_free_bytes", "disk_total_bytes", "attempts", "last_evaluation", "build_id"),
    }
    (finished,) = shown["finished"]
    assert set(finished) >= {
        *("id", "task_type", "status", "error_class", "error_summary", "agent", "output_chars", "finished_at"),
        "commit_state",
    }
    assert (finished["error_class"], finished["output_chars"]) == ("gate", 3)
    assert shown["window"] == {"completed": 0, "failed": 1, "total": 1, "rate": 0.0}
    assert (shown["ready_count"], shown["last_claim_at"]) == (1, T0)
    assert shown["oldest_ready"]["ready_at"] == T0
    assert 0 < shown["disk_free_bytes"] <= shown["disk_total_bytes"]


def test_tasks_that_wait_for_a_reason_are_not_ready(api: Room) -> None:
    api.add(agent="codex")
    assert api.claim() is None
    shown = api.ok("GET", "/api/agent/snapshot")
    assert (shown["ready_count"], shown["oldest_ready"]) == (0, None)
    assert shown["waiting"] == [
        {"reason": "needs agent codex, which is not available here", "count": 1, "ready_at": T0}
    ]


def test_unlanded_and_undecided_tasks_and_heals_are_in_the_snapshot(api: Room) -> None:
    held = api.add()
    api.end(api.claim(), commit_state="held", commit_reason="overlap with a.py")
    undecided = api.add()
    api.end(api.claim(), "needs_decision", decision_prompt="?")
    heal = api.add(task_type="heal")
    shown = api.ok("GET", "/api/agent/snapshot")
    ids = {name: [one["id"] for one in shown[name]] for name in ("unlanded", "needs_decision", "heals")}
    assert ids == {"unlanded": [held["id"]], "needs_decision": [undecided["id"]], "heals": [heal["id"]]}


def test_a_look_opens_and_resolves_issues(api: Room) -> None:
    finding = {"condition": "gate_red", "state": "firing", "severity": "high", "message": "red", "evidence": {"n": 1}}
    answer = api.ok("POST", "/api/agent/monitor-issues", {"findings": [finding]})
    assert [one["condition"] for one in answer["opened"]] == ["gate_red"]
    shown = api.ok("GET", "/api/agent/monitor-issues")
    assert (shown["last_check"], len(shown["issues"]), shown["resolved"]) == (T0, 1, [])
    assert set(shown["issues"][0]) >= {
        *("id", "condition", "severity", "priority", "message", "suggested_action", "created_at", "resolved_at"),
        *("first_seen", "last_seen", "count", "fingerprint", "evidence", "heal_task_id", "status"),
    }
    api.now = T0 + 60
    assert len(api.ok("POST", "/api/agent/monitor-issues", {"findings": []})["resolved"]) == 1
    shown = api.ok("GET", "/api/agent/monitor-issues")
    assert (shown["issues"], len(shown["resolved"]), len(shown["resolved_since_last"])) == ([], 1, 1)
    assert shown["history"] == [{"at": T0, "condition": "gate_red", "severity": "high"}]


def test_what_somebody_else_saw_resolves_nothing_and_is_no_look(api: Room) -> None:
    def send(condition: str, **more: object) -> dict[str, Any]:
        finding = {"condition": condition, "state": "firing"}
        return api.ok("POST", "/api/agent/monitor-issues", {"findings": [finding], **more})

    send("gate_red")
    looked = api.ok("GET", "/api/agent/metrics")["last_evaluation"]
    api.now += 600
    assert len(send("monitor_stale", whole=False)["open"]) == 2
    assert api.ok("GET", "/api/agent/metrics")["last_evaluation"] == looked
    assert [one["condition"] for one in send("gate_red")["resolved"]] == ["monitor_stale"]


def test_the_words_of_a_finding_are_what_the_route_takes(api: Room) -> None:
    finding = Finding(condition="disk_low", state="pending", direction="clean up")
    api.ok("POST", "/api/agent/monitor-issues", {"findings": [{**vars(finding)}]})
    (state,) = api.ok("GET", "/api/agent/issues-state")["conditions"]
    assert (state["condition"], state["state"], state["since"]) == ("disk_low", "pending", T0)


def test_an_issue_takes_its_heal_task(api: Room) -> None:
    look = {"findings": [{"condition": "gate_red", "state": "firing"}]}
    (issue,) = api.ok("POST", "/api/agent/monitor-issues", look)["opened"]
    heal = api.add(task_type="heal")
    after = api.ok("PATCH", f"/api/agent/issues/{issue['id']}", {"heal_task_id": heal["id"]})
    assert after["heal_task_id"] == heal["id"]
    assert api.call("PATCH", "/api/agent/issues/nope", {"heal_task_id": None}).status_code == 404


def test_metrics_over_seven_days(api: Room) -> None:
    api.add(task_type="spec", model="m")
    task = api.claim()
    api.now = T0 + 12
    api.end(task)
    shown = api.ok("GET", "/api/agent/metrics")
    assert shown["success_rate"] == {"completed": 1, "failed": 0, "total": 1, "rate": 1.0}
    assert shown["execution_time"] == {"p50_seconds": 12, "p95_seconds": 12}
    assert shown["by_task_type"] == {"spec": {"count": 1, "completed": 1, "failed": 0, "success_rate": 1.0}}
    assert shown["by_model"] == {"m": {"count": 1, "avg_duration": 12.0}}
    api.now = T0 + 8 * 86_400
    assert api.ok("GET", "/api/agent/metrics")["success_rate"]["total"] == 0
    assert api.ok("GET", "/api/agent/metrics?window_days=9")["success_rate"]["total"] == 1


@pytest.mark.parametrize("days", ["0", "91", "x"])
def test_a_window_of_other_lengths_is_422(api: Room, days: str) -> None:
    assert api.call("GET", f"/api/agent/metrics?window_days={days}").status_code == 422


def test_effectiveness_has_the_shape_of_the_prior_system(api: Room) -> None:
    api.add()
    api.end(api.claim())
    api.ok("POST", "/api/agent/monitor-issues", {"findings": [{"condition": "gate_red", "state": "firing"}]})
    shown = api.ok("GET", "/api/agent/effectiveness")
    assert shown["throughput"] == {"completed_7d": 1, "tasks_per_day": 0.14}
    assert shown["issues"] == {"open": 1, "quiet": 0, "resolved_7d": 0}
    assert shown["progress"] == {"spec": 0, "impl": 1, "test": 0, "review": 0, "heal": 0}
    assert shown["goal_proximity"] == pytest.approx(1.0 * (0.5 + 0.5 * 0.014) * 0.85, abs=1e-4)
    assert (shown["success_rate"], shown["heal_resolved_count"]) == (1.0, 0)
    assert shown["success_rate_of"]["too_few"] == "too few to judge (1 of 1, 90 % interval 27-100 %)"
    nothing = {"recovered": 0, "not_recovered": 0, "unknown": 0}
    assert shown["heals"] == {"treated": nothing, "untreated": nothing, "last": [], "last_untreated": []}
    assert shown["top_issues_by_priority"] == [{"condition": "gate_red", "severity": "medium", "message": ""}]


def test_an_issue_shows_what_its_heals_suggested(api: Room) -> None:
    look = {"findings": [{"condition": "gate_red", "state": "firing", "fingerprint": "f"}]}
    (issue,) = api.ok("POST", "/api/agent/monitor-issues", look)["opened"]
    context = {"suggested_by": "h1", "issue": issue["id"], "suggests": "Say which file"}
    task = api.add(task_type="spec", dedup_key="suggested:abc", context=context)
    shown = api.ok("GET", "/api/agent/monitor-issues")
    assert [one["task"] for one in shown["issues"][0]["suggested_tasks"]] == [task["id"]]
    assert shown["suggested"] == shown["issues"][0]["suggested_tasks"]
    api.ok("POST", "/api/agent/monitor-issues", {"findings": []})
    (resolved,) = api.ok("GET", "/api/agent/monitor-issues")["resolved"]
    assert resolved["suggested_tasks"][0]["item"] == {"key": "abc", "text": "Say which file"}


def test_progress_to_the_goal_is_measured_from_what_ended_and_what_runners_told(api: Room) -> None:
    item = {"key": "abc", "file": "b.md", "text": "Add it", "chain": ["impl"], "round": 1}
    empty = api.ok("GET", "/api/agent/effectiveness")["progress_to_goal"]
    assert empty["backlog"] == {"done": None, "total": None, "left": None, "as_of": None}
    assert (empty["last_7_days"]["days"], empty["forecast"]["days"], empty["success_rate"]["rate"]) == (0.0, None, None)
    for day in range(4):
        api.now = T0 + day * 86_400
        api.add(context={"item": item})
        api.end(api.claim(), "pending", error_class="gate", usage={"cost_usd": 0.25})
        api.end(api.claim(), commit_state="landed", usage={"cost_usd": 0.5})
    api.now = T0 + 4 * 86_400
    api.ok("POST", "/api/agent/runners/r", {"plan": {"index": 4, "total": 6}})
    found = api.ok("GET", "/api/agent/effectiveness")["progress_to_goal"]
    assert found["backlog"] == {"done": 4, "total": 6, "left": 2, "as_of": api.now}
    week = {"days": 4.0, "items": 4, "items_per_day": 1.0, "commits": 4, "commits_per_day": 1.0}
    assert found["last_7_days"] == found["last_14_days"] == week
    assert found["forecast"]["low"] < 2 < found["forecast"]["high"]
    assert found["usage_7d"]["cost_usd"] == {"sum": 3.0, "told": 8, "attempts": 8}
    assert found["usage_7d"]["output_tokens"] == {"sum": None, "told": 0, "attempts": 8}
