from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from nightrun.flows import api as flow
from nightrun.hands import clock
from tests.flows.api_world import T0, Room

CLAIM = {"runner": "runner-1", "agents": ["script"]}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Room]:
    room = Room(tmp_path)
    yield room
    room.desk.db.close()


def test_a_claim_answers_with_the_running_task(api: Room) -> None:
    api.add()
    task = api.claim(pid=1, boot_id="b", start_time=2.5)
    assert (task["status"], task["fencing_token"], task["lease_expires_at"]) == ("running", 1, T0 + 180)


def test_nothing_to_do_is_204(api: Room) -> None:
    assert api.call("POST", "/api/agent/claim", CLAIM).status_code == 204


@pytest.mark.parametrize("body", [{}, {**CLAIM, "wait_seconds": 26}, {**CLAIM, "wait": 1}, {**CLAIM, "pid": -1}])
def test_a_wrong_claim_is_422(api: Room, body: Any) -> None:
    assert api.call("POST", "/api/agent/claim", body).status_code == 422


def test_a_waiting_runner_gets_a_new_task_at_once(api: Room) -> None:
    async def talk(client: httpx.AsyncClient) -> tuple[httpx.Response, float]:
        begin = time.monotonic()
        waiting = asyncio.create_task(client.post("/api/agent/claim", json={**CLAIM, "wait_seconds": 20}))
        await asyncio.sleep(0.1)
        await client.post("/api/agent/tasks", json={"direction": "x", "task_type": "impl"})
        return await waiting, time.monotonic() - begin

    answer, seconds = api.together(talk)
    assert answer.status_code == 200
    assert seconds < 5


def test_a_waiting_runner_gets_a_task_when_its_need_has_landed(api: Room) -> None:
    first = api.add()
    second = api.add(depends_on=[first["id"]])
    api.end(api.claim(), commit_state="pending")

    async def talk(client: httpx.AsyncClient) -> httpx.Response:
        waiting = asyncio.create_task(client.post("/api/agent/claim", json={**CLAIM, "wait_seconds": 20}))
        await asyncio.sleep(0.1)
        await client.patch(f"/api/agent/tasks/{first['id']}", json={"commit_state": "landed"})
        return await waiting

    assert api.together(talk).json()["id"] == second["id"]


@pytest.mark.parametrize("ends", ["by itself", "by a person"])
def test_a_waiting_runner_chooses_anew_when_a_pause_ends(api: Room, ends: str) -> None:
    """It asked only for the types that its agents could do while one of them was paused."""
    api.desk.now = clock.now
    api.add()
    until = clock.now() + 0.3 if ends == "by itself" else None
    api.ok("POST", "/api/agent/pauses", {"scope": "agent:script", "reason": "limit", "by": "nightrun", "until": until})

    async def talk(client: httpx.AsyncClient) -> tuple[httpx.Response, float]:
        begin = time.monotonic()
        waiting = asyncio.create_task(client.post("/api/agent/claim", json={**CLAIM, "types": [], "wait_seconds": 20}))
        await asyncio.sleep(0.1)
        if until is None:
            await client.request("DELETE", "/api/agent/pauses", json={"scope": "agent:script"})
        return await waiting, time.monotonic() - begin

    answer, seconds = api.together(talk)
    assert answer.status_code == 204
    assert seconds < 5


def test_two_waiting_runners_never_get_the_same_task(api: Room) -> None:
    async def talk(client: httpx.AsyncClient) -> list[httpx.Response]:
        body = {**CLAIM, "wait_seconds": 0.5}
        waiting = [asyncio.create_task(client.post("/api/agent/claim", json=body)) for _ in range(4)]
        await asyncio.sleep(0.1)
        await client.post("/api/agent/tasks", json={"direction": "x", "task_type": "impl"})
        return [await one for one in waiting]

    assert sorted(one.status_code for one in api.together(talk)) == [200, 204, 204, 204]


def test_a_waiting_runner_gets_a_put_off_task_when_its_time_comes(api: Room) -> None:
    api.desk.now = clock.now
    api.add(ready_at=clock.now() + 0.3)
    begin = time.monotonic()
    assert api.claim(wait_seconds=20)["status"] == "running"
    assert time.monotonic() - begin < 5


def test_a_stopping_api_answers_waiting_runners_at_once(api: Room) -> None:
    async def talk(client: httpx.AsyncClient) -> tuple[int, float]:
        begin = time.monotonic()
        waiting = asyncio.create_task(client.post("/api/agent/claim", json={**CLAIM, "wait_seconds": 20}))
        await asyncio.sleep(0.1)
        flow._stopping(api.desk)
        return (await waiting).status_code, time.monotonic() - begin

    status, seconds = api.together(talk)
    assert status == 204
    assert seconds < 5


def test_a_heartbeat_keeps_the_claim(api: Room) -> None:
    api.add()
    task = api.claim()
    api.now = T0 + 15
    path = f"/api/agent/tasks/{task['id']}/heartbeat"
    body = {"fencing_token": 1, "progress_pct": 50, "output_chars": 3}
    assert api.ok("POST", path, body) == {"lease_expires_at": T0 + 195, "stop": False}
    assert api.call("POST", path, {"fencing_token": 2}).status_code == 409
    assert api.call("POST", "/api/agent/tasks/nope/heartbeat", {"fencing_token": 2}).status_code == 404


def test_a_person_can_ask_a_running_attempt_to_stop(api: Room) -> None:
    api.add()
    task = api.claim()
    api.ok("PATCH", f"/api/agent/tasks/{task['id']}", {"stop": True})
    assert api.ok("POST", f"/api/agent/tasks/{task['id']}/heartbeat", {"fencing_token": 1})["stop"] is True


def test_pauses_hold_intake_and_are_ended_by_word(api: Room) -> None:
    api.add()
    answer = api.call("POST", "/api/agent/pauses", {"scope": "intake", "reason": "lunch"})
    assert (answer.status_code, answer.json()["by"]) == (201, "person")
    assert [one["scope"] for one in api.ok("GET", "/api/agent/pauses")["pauses"]] == ["intake"]
    assert api.claim() is None
    assert api.ok("DELETE", "/api/agent/pauses", {"scope": "intake", "by": "nightrun"}) == {"ended": 0}
    assert api.ok("DELETE", "/api/agent/pauses", {"scope": "intake"}) == {"ended": 1}
    assert api.claim() is not None


@pytest.mark.parametrize(
    "body", [{"scope": "all", "reason": "x"}, {"scope": "intake"}, {"scope": "agent:", "reason": "x"}]
)
def test_a_wrong_pause_is_422(api: Room, body: Any) -> None:
    assert api.call("POST", "/api/agent/pauses", body).status_code == 422


def test_runners_say_who_and_where_they_are(api: Room) -> None:
    api.ok("POST", "/api/agent/runners/runner-1", {"state": "idle", "counter": 7, "plan": {"total": 8, "index": 2}})
    (one,) = api.ok("GET", "/api/agent/runners")["runners"]
    assert (one["name"], one["state"], one["counter"], one["at"]) == ("runner-1", "idle", 7, T0)
    assert api.ok("GET", "/api/agent/effectiveness")["plan_progress"] == {
        **{"index": 2, "total": 8},
        **{"pct": 0.0, "state_file": None},
    }


def test_the_sweep_puts_back_tasks_of_runners_that_are_gone(api: Room) -> None:
    api.add()
    api.add()
    pid, start = clock.my_identity()
    api.desk.boot_id = "here"
    gone = api.claim(runner="a", pid=pid, start_time=start - 50, boot_id="here")
    here = api.claim(runner="b", pid=pid, start_time=start, boot_id="here")
    flow.sweep(api.desk)
    assert api.ok("GET", f"/api/agent/tasks/{gone['id']}")["status"] == "pending"
    assert api.ok("GET", f"/api/agent/tasks/{here['id']}")["status"] == "running"


def test_a_restarted_api_keeps_claims_of_living_runners_only(api: Room) -> None:
    pid, start = clock.my_identity()
    api.desk.boot_id = "here"
    flow.take_over(api.desk)
    for _ in range(5):
        api.add()
    alive = api.claim(runner="alive", pid=pid, start_time=start, boot_id="here")
    dead = api.claim(runner="dead", pid=pid, start_time=start - 9, boot_id="here")
    other = api.claim(runner="other machine", pid=1, start_time=1.0, boot_id="elsewhere")
    unknown = api.claim(runner="by curl")
    api.now = T0 + 1000
    flow.take_over(api.desk)
    found = {one["id"]: one["status"] for one in api.ok("GET", "/api/agent/tasks")["tasks"]}
    assert [found[one["id"]] for one in (alive, dead, other, unknown)] == ["running", "pending", "running", "pending"]


def test_after_a_reboot_every_claim_of_this_machine_goes_back(api: Room) -> None:
    api.desk.boot_id = "first boot"
    flow.take_over(api.desk)
    api.add()
    task = api.claim(pid=1, start_time=1.0, boot_id="first boot")
    api.desk.boot_id = "second boot"
    flow.take_over(api.desk)
    assert api.ok("GET", f"/api/agent/tasks/{task['id']}")["status"] == "pending"
