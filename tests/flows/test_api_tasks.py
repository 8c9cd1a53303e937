from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightrun.words.task import MOVES, STATUSES, TASK_TYPES, Task
from tests.flows.api_world import T0, Room

TASKS = "/api/agent/tasks"


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.desk.db.close()


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_a_post_answers_201_with_the_whole_task(api: Room, task_type: str) -> None:
    answer = api.call("POST", TASKS, {"direction": "do it", "task_type": task_type})
    assert answer.status_code == 201
    assert set(answer.json()) >= set(Task.__dataclass_fields__)
    assert answer.json()["status"] == "pending"


@pytest.mark.parametrize(
    "direction",
    [
        "  kept  as\tit is \n",
        "quotes ' \" and `ticks` and $(touch pwned)",
        "first\n\nPipeline-Task: FORGED",
        "emoji 🌙, \u202e bidi, \x1b[31m escape, \x07 bell",
        "x" * 1_000_000,
    ],
)
def test_a_direction_is_stored_unchanged(api: Room, direction: str) -> None:
    task = api.add(direction=direction)
    assert api.ok("GET", f"{TASKS}/{task['id']}")["direction"] == direction


@pytest.mark.parametrize(
    "body",
    [
        {"direction": "", "task_type": "impl"},
        {"direction": " \n\t ", "task_type": "impl"},
        {"direction": "nul \0", "task_type": "impl"},
        {"direction": "half \ud800", "task_type": "impl"},
        {"direction": "x" * 1_000_001, "task_type": "impl"},
        {"direction": "x", "task_type": "deploy"},
        {"direction": "x"},
        {"task_type": "impl"},
        {"direction": "x", "task_type": "impl", "priorty": 3},
        {"direction": "x", "task_type": "impl", "priority": 10**30},
        {"direction": "x", "task_type": "impl", "depends_on": ["nope"]},
        {"direction": "x", "task_type": "impl", "context": {"deep": ["\0"]}},
        [],
        "text",
    ],
)
def test_a_post_that_cannot_be_stored_is_422_and_stores_nothing(api: Room, body: Any) -> None:
    answer = api.call("POST", TASKS, body)
    assert answer.status_code == 422
    assert {"loc", "msg", "type"} == set(answer.json()["detail"][0])
    assert api.ok("GET", TASKS)["total"] == 0


def test_the_text_that_was_sent_is_not_echoed(api: Room) -> None:
    answer = api.call("POST", TASKS, {"direction": "sesame", "task_type": "no"})
    assert "sesame" not in answer.text


@pytest.mark.parametrize("body", [b"{", b'{"direction": NaN, "task_type": "impl"}', b"[" * 10_000])
def test_broken_json_is_a_client_error(api: Room, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = api.together(lambda client: client.post(TASKS, content=body, headers=headers))
    assert answer.status_code in (400, 422)


def test_the_same_dedup_key_answers_200_with_the_first_task(api: Room) -> None:
    first = api.add(dedup_key="item-1")
    again = api.call("POST", TASKS, {"direction": "other", "task_type": "impl", "dedup_key": "item-1"})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


def test_depends_on_names_each_need_once(api: Room) -> None:
    first = api.add()
    assert api.add(depends_on=[first["id"], first["id"]])["depends_on"] == [first["id"]]


def test_lists_are_paged_and_filtered(api: Room) -> None:
    made = [api.add(task_type="impl" if n % 2 else "spec")["id"] for n in range(4)]
    page = api.ok("GET", f"{TASKS}?limit=2")
    assert ([one["id"] for one in page["tasks"]], page["total"]) == (made[:1:-1], 4)
    page = api.ok("GET", f"{TASKS}?task_type=spec&order=oldest&status=pending")
    assert ([one["id"] for one in page["tasks"]], page["total"]) == ([made[0], made[2]], 2)
    assert not {"command", "output"} & set(page["tasks"][0])


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "status=done", "task_type=x", "order=up"])
def test_a_filter_that_does_not_exist_is_422(api: Room, query: str) -> None:
    assert api.call("GET", f"{TASKS}?{query}").status_code == 422


@pytest.mark.parametrize("path", ["/nope", "/nope/log", "/nope/events", "/nope/attempts", "/%00", "/..%2f..%2fetc"])
def test_a_task_that_does_not_exist_is_404(api: Room, path: str) -> None:
    assert api.call("GET", TASKS + path).status_code == 404


def test_changing_a_task_that_does_not_exist_is_404(api: Room) -> None:
    answer = api.call("PATCH", f"{TASKS}/nope", {"status": "running"})
    assert (answer.status_code, answer.json()) == (404, {"detail": "Task not found"})


def test_a_change_of_nothing_is_400(api: Room) -> None:
    answer = api.call("PATCH", f"{TASKS}/{api.add()['id']}", {})
    assert (answer.status_code, answer.json()) == (400, {"detail": "At least one field required"})


@pytest.mark.parametrize("target", [*STATUSES, "done", ""])
@pytest.mark.parametrize("status", STATUSES)
def test_every_illegal_move_is_409_with_the_allowed_moves(api: Room, status: str, target: str) -> None:
    path = f"{TASKS}/{api.add()['id']}"
    for step in {"pending": [], "running": ["running"]}.get(status, ["running", status]):
        api.ok("PATCH", path, {"status": step})
    answer = api.call("PATCH", path, {"status": target})
    if target in MOVES[status]:
        assert (answer.status_code, answer.json()["status"]) == (200, target)
        return
    assert answer.status_code == 409
    detail = answer.json()["detail"]
    assert set(detail) == {"message", "status", "allowed"}
    assert (detail["status"], detail["allowed"]) == (status, list(MOVES[status]))


def test_results_can_be_delivered_twice(api: Room) -> None:
    api.add()
    task = api.claim()
    first = api.end(task, output="done", commit_state="pending")
    assert api.end(task, output="done", commit_state="pending") == first
    other = {"status": "failed", "fencing_token": task["fencing_token"]}
    assert api.call("PATCH", f"{TASKS}/{task['id']}", other).status_code == 409


def test_a_wrong_fencing_token_is_409(api: Room) -> None:
    api.add()
    task = api.claim()
    answer = api.call("PATCH", f"{TASKS}/{task['id']}", {"status": "completed", "fencing_token": 9})
    assert answer.status_code == 409
    assert "This claim is lost" in answer.json()["detail"]["message"]


def test_a_decision_puts_a_task_back_to_work(api: Room) -> None:
    api.add()
    task = api.claim()
    api.end(task, "needs_decision", decision_prompt="A or B?")
    after = api.ok("PATCH", f"{TASKS}/{task['id']}", {"decision": "A"})
    assert (after["status"], after["decision"]) == ("pending", "A")


def test_a_completed_task_that_cannot_land_is_reopened(api: Room) -> None:
    api.add()
    task = api.claim()
    api.end(task, commit_state="committed", commit_sha="abc")
    again = api.ok("POST", f"{TASKS}/{task['id']}/reopen", {"reason": "conflict in a.py"})
    assert (again["status"], again["error_class"]) == ("pending", "conflict")
    answer = api.call("POST", f"{TASKS}/{task['id']}/reopen", {"reason": "again"})
    assert (answer.status_code, answer.json()["detail"]["status"]) == (409, "pending")


def test_attention_shows_undecided_then_failed_with_output(api: Room) -> None:
    for status in ("failed", "needs_decision"):
        api.add()
        api.end(api.claim(), status, output=status, error_class="gate")
    shown = api.ok("GET", f"{TASKS}/attention")
    assert [one["output"] for one in shown["tasks"]] == ["needs_decision", "failed"]
    assert shown["total"] == 2


def test_count(api: Room) -> None:
    api.add()
    by_status = {"pending": 1, "running": 0, "completed": 0, "failed": 0, "needs_decision": 0}
    assert api.ok("GET", f"{TASKS}/count") == {"total": 1, "by_status": by_status}


def test_the_log_is_the_end_of_the_attempts_file(api: Room) -> None:
    api.add()
    task = api.claim()
    api.desk.state.task_log(task["id"], 1).write_bytes(b"first\n" + b"x" * 100 + b"\xff last\n")
    shown = api.ok("GET", f"{TASKS}/{task['id']}/log")
    assert shown["log"].startswith("first\n")
    assert shown["log"].endswith("\ufffd last\n")
    assert api.ok("GET", f"{TASKS}/{task['id']}/log?max_bytes=5")["log"] == "last\n"
    assert api.ok("GET", f"{TASKS}/{task['id']}/log?attempt=2")["log"] == ""


def test_events_and_attempts(api: Room) -> None:
    api.add()
    task = api.claim()
    api.now = T0 + 5
    api.end(task)
    shown = api.ok("GET", f"{TASKS}/{task['id']}/events")["events"]
    assert [(one["at"], one["kind"]) for one in shown] == [(T0, "added"), (T0, "claimed"), (T0 + 5, "completed")]
    (attempt,) = api.ok("GET", f"{TASKS}/{task['id']}/attempts")["attempts"]
    assert (attempt["attempt"], attempt["outcome"], attempt["ended_at"]) == (1, "completed", T0 + 5)


def test_what_happened_to_a_task_is_written_down_without_moving_it(api: Room) -> None:
    task = api.add()
    shown = api.ok("POST", f"{TASKS}/{task['id']}/events", {"text": "one\nline"})["events"]
    assert [(one["kind"], one["text"]) for one in shown][1:] == [("note", "one line")]
    assert api.ok("GET", f"{TASKS}/{task['id']}")["status"] == "pending"
    assert api.call("POST", f"{TASKS}/{task['id']}/events", {"text": " "}).status_code == 422
    assert api.call("POST", f"{TASKS}/nope/events", {"text": "x"}).status_code == 404


def test_a_heal_task_that_names_its_issue_is_linked_to_it(api: Room) -> None:
    look = {"findings": [{"condition": "gate_red", "state": "firing"}]}
    (issue,) = api.ok("POST", "/api/agent/monitor-issues", look)["opened"]
    heal = api.add(task_type="heal", context={"issue_id": issue["id"]})
    (issue,) = api.ok("GET", "/api/agent/monitor-issues")["issues"]
    assert issue["heal_task_id"] == heal["id"]


def test_a_database_that_cannot_be_used_is_503_and_comes_back(api: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    api.desk.db.run("ALTER TABLE events RENAME TO gone")
    answer = api.call("POST", TASKS, {"direction": "x", "task_type": "impl"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert api.ok("GET", "/api/health")["status"] == "degraded"
    api.desk.db.run("ALTER TABLE gone RENAME TO events")
    api.add()
    assert api.ok("GET", TASKS)["total"] == 1
    assert api.ok("GET", "/api/health")["status"] == "ok"


def test_a_query_parameter_that_is_misspelt_is_named_instead_of_ignored(api: Room) -> None:
    answer = api.call("GET", "/api/agent/tasks?stauts=failed&limit=5")
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert problem["loc"] == ["query", "stauts"]
    assert "known here: " in problem["msg"] and "status" in problem["msg"]
    assert api.call("GET", "/api/agent/metrics?window_days=3").status_code == 200
