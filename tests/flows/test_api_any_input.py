"""Whatever is sent, the answer is an answer: never a crash, never a state that no word describes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightrun.flows import api_bodies as bodies
from nightrun.words.task import COMMIT_STATES, STATUSES
from tests.flows.api_world import Room

SEVERAL = settings(
    max_examples=25,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
text = st.text(max_size=20)
scalar = st.none() | st.booleans() | st.integers() | st.floats() | text | st.sampled_from(["\0", "\ud800", *STATUSES])
anything = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3), max_leaves=6
)
plausible = {
    "direction": text,
    "task_type": st.sampled_from(["spec", "impl", "heal"]),
    "status": st.sampled_from(STATUSES),
    "commit_state": st.sampled_from(COMMIT_STATES),
    "fencing_token": st.integers(0, 3),
    "condition": st.sampled_from(["a", "b"]),
    "state": st.sampled_from(["ok", "pending", "firing", "unknown"]),
    "runner": text,
    "agents": st.lists(text, max_size=2),
    "scope": st.sampled_from(["intake", "agent:x"]),
    "reason": text,
    "wait_seconds": st.just(0),
}


def bodies_of(model: type[bodies.BaseModel]) -> st.SearchStrategy[Any]:
    """Bodies with the fields of this model, mostly of a right kind."""
    fields = {name: plausible.get(name, anything) | anything for name in model.model_fields}
    return st.fixed_dictionaries({}, optional=fields) | anything


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    room = Room(tmp_path_factory.mktemp("api"))
    yield room
    room.desk.db.close()


def send(api: Room, method: str, path: str, body: Any) -> int:
    answer = api.together(
        lambda client: client.request(
            method, path, content=json.dumps(body), headers={"content-type": "application/json"}
        )
    )
    assert answer.status_code < 500, answer.text
    if answer.content:
        json.loads(answer.content)
    return int(answer.status_code)


@SEVERAL
@given(body=bodies_of(bodies.NewTask))
def test_adding(api: Room, body: Any) -> None:
    assert send(api, "POST", "/api/agent/tasks", body) < 500
    assert send(api, "GET", "/api/agent/tasks?limit=100", None) == 200


@SEVERAL
@given(changes=st.lists(bodies_of(bodies.Change), max_size=4))
def test_changing(api: Room, changes: list[Any]) -> None:
    task = api.add()
    for change in changes:
        assert send(api, "PATCH", f"/api/agent/tasks/{task['id']}", change) < 500
        found = api.ok("GET", f"/api/agent/tasks/{task['id']}")
        assert found["status"] in STATUSES
        assert found["commit_state"] in COMMIT_STATES


@SEVERAL
@given(claim=bodies_of(bodies.Claim), beat=bodies_of(bodies.Heartbeat), report=bodies_of(bodies.RunnerReport))
def test_what_runners_send(api: Room, claim: Any, beat: Any, report: Any) -> None:
    task = api.add()
    assert send(api, "POST", "/api/agent/claim", claim) < 500
    assert send(api, "POST", f"/api/agent/tasks/{task['id']}/heartbeat", beat) < 500
    assert send(api, "POST", "/api/agent/runners/r", report) < 500
    assert send(api, "GET", "/api/agent/snapshot", None) == 200


@SEVERAL
@given(
    note=bodies_of(bodies.Note),
    context=st.dictionaries(text, st.none() | st.integers() | text | st.lists(text), max_size=3),
)
def test_notes_and_suggestions(api: Room, note: Any, context: Any) -> None:
    task = api.add(dedup_key="suggested:k")
    assert send(api, "POST", f"/api/agent/tasks/{task['id']}/events", note) < 500
    for change in ({"context": context}, {"context": {"item": context, "usage": context, "issue": context}}):
        assert send(api, "PATCH", f"/api/agent/tasks/{task['id']}", change) < 500
        assert send(api, "GET", "/api/agent/monitor-issues", None) == 200
        assert send(api, "GET", "/api/agent/effectiveness", None) == 200


@SEVERAL
@given(findings=st.lists(bodies_of(bodies.SentFinding), max_size=3), pause=bodies_of(bodies.NewPause))
def test_what_the_monitor_and_people_send(api: Room, findings: Any, pause: Any) -> None:
    assert send(api, "POST", "/api/agent/monitor-issues", {"findings": findings}) < 500
    assert send(api, "POST", "/api/agent/pauses", pause) < 500
    for path in ("monitor-issues", "issues-state", "effectiveness", "status-report", "pipeline-status", "metrics"):
        assert send(api, "GET", f"/api/agent/{path}", None) == 200


@SEVERAL
@given(task_id=st.text(max_size=30), number=st.integers() | text)
def test_paths_and_queries(api: Room, task_id: str, number: Any) -> None:
    safe = task_id.encode("utf-8", "replace").decode()
    for path in ("", "/log", "/events", "/attempts"):
        answer = api.together(
            lambda client, path=path: client.get(
                f"/api/agent/tasks/{_quoted(safe)}{path}",
                params={"attempt": str(number), "limit": str(number), "offset": str(number)},
            )
        )
        assert answer.status_code in (200, 307, 404, 405, 422), (safe, answer.text)


def _quoted(text_: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text_.encode())
