from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nightrun.hands import client as client_module
from nightrun.hands import clock
from nightrun.hands.client import ApiAway, Client, Refused
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import WrongUse
from nightrun.words.issue import Finding
from tests.flows.api_world import Process

PID, START = clock.my_identity()
WHO: dict[str, Any] = {
    **{"runner": "runner-1", "pid": PID, "start_time": START},
    **{"boot_id": clock.boot_id(), "agents": ["script"]},
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = Process(tmp_path_factory.mktemp("api")).ready()
    yield process
    process.kill()


@pytest.fixture
def client(api: Process) -> Client:
    return Client.for_repo(api.root)


def test_a_task_from_adding_to_landing(client: Client) -> None:
    added = client.add_task("do it ' \" `x` $(y) \u202e 🌙\n", "impl", priority=900, context={"a": 1})
    task = client.claim(**WHO)
    assert task is not None
    assert (task.id, task.direction, task.context) == (added.id, added.direction, {"a": 1})
    beat = client.heartbeat(task.id, task.fencing_token, progress_pct=10)
    assert beat["stop"] is False
    client.patch(task.id, status="completed", fencing_token=task.fencing_token, commit_state="pending", output="done")
    after = client.patch(task.id, commit_state="landed", commit_sha="abc")
    assert (after.status, after.commit_state, after.commit_sha) == ("completed", "landed", "abc")
    assert client.log(task.id)["output"] == "done"
    assert [one["kind"] for one in client.events(task.id)] == ["added", "claimed", "completed", "landed"]
    assert client.attempts(task.id)[0]["outcome"] == "completed"


def test_lists_and_filters(client: Client) -> None:
    made = client.add_task("listed", "review")
    found, total = client.tasks(task_type="review", status=None, limit=1)
    assert (found[0].id, total) == (made.id, 1)
    assert client.count()["by_status"]["pending"] >= 1
    client.patch(made.id, status="failed")


def test_nothing_to_claim_is_none(client: Client) -> None:
    assert client.claim(**WHO, types=["heal"]) is None


def test_reopening(client: Client) -> None:
    client.add_task("x", "impl", priority=900)
    task = client.claim(**WHO)
    assert task is not None
    client.patch(task.id, status="completed", fencing_token=task.fencing_token, commit_state="held")
    assert client.reopen(task.id, "conflict").status == "pending"
    client.patch(task.id, status="failed")


def test_pauses(client: Client) -> None:
    client.pause("agent:claude", "limit", until=9e9, by="nightrun")
    assert [one["scope"] for one in client.pauses()] == ["agent:claude"]
    assert client.resume("agent:claude", by="nightrun") == {"ended": 1}


def test_findings_and_issues(client: Client) -> None:
    answer = client.send_findings([Finding(condition="gate_red", state="firing", evidence={"n": 1})])
    (opened,) = answer["opened"]
    assert client.issues()["issues"][0]["id"] == opened["id"]
    assert client.issues_state()["conditions"][0]["state"] == "firing"
    assert client.patch_issue(opened["id"], heal_task_id=None)["condition"] == "gate_red"
    assert len(client.send_findings([{"condition": "gate_red", "state": "ok"}])["resolved"]) == 1


def test_a_note_is_one_more_event(client: Client) -> None:
    task = client.add_task("x", "heal")
    client.note(task.id, "nothing was added")
    assert client.events(task.id)[-1]["text"] == "nothing was added"


def test_numbers_and_pages(client: Client) -> None:
    client.report_runner("runner-1", state="idle")
    assert client.runners()[0]["state"] == "idle"
    assert client.metrics(window_days=1)["window_days"] == 1
    assert client.snapshot()["build_id"] == client.health()["build_id"]
    assert "throughput" in client.effectiveness()
    assert "overall" in client.status_report()
    assert "attention" in client.pipeline_status()
    assert client.fatal_issues() == {"fatal": False}
    assert "tasks" in client.attention()


def test_a_refused_move_says_what_is_allowed(client: Client) -> None:
    task = client.add_task("x", "spec", priority=-5)
    with pytest.raises(Refused) as caught:
        client.patch(task.id, status="completed")
    assert caught.value.status == 409
    assert caught.value.detail["allowed"] == ["running", "failed", "needs_decision"]
    assert caught.value.message == "The API refused this (409): A task that is pending cannot become completed."
    client.patch(task.id, status="failed")


def test_a_refused_body_names_the_field(client: Client) -> None:
    with pytest.raises(Refused, match=r"\(422\): task_type: Input should be 'spec', 'impl'"):
        client.add_task("x", "deploy")


def test_a_missing_task_is_refused_with_404(client: Client) -> None:
    with pytest.raises(Refused, match="Task not found") as caught:
        client.task("nope")
    assert caught.value.status == 404


def test_a_task_id_never_leads_to_another_route(client: Client) -> None:
    with pytest.raises(Refused) as caught:
        client.task("../../health")
    assert caught.value.status == 404


def test_text_that_is_no_unicode_is_said_before_it_is_sent(client: Client) -> None:
    with pytest.raises(WrongUse, match="no valid UTF-8"):
        client.add_task("half \udc80", "impl")


def test_a_wrong_token_is_refused(api: Process) -> None:
    with pytest.raises(Refused) as caught:
        Client(api.said()["url"], "wrong").count()
    assert caught.value.status == 401


def test_the_environment_wins_over_the_state_folder(
    api: Process, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PIPELINE_API_URL", api.said()["url"])
    monkeypatch.setenv("PIPELINE_API_TOKEN", api.token)
    assert Client.for_repo(tmp_path).count()["total"] >= 0


def test_an_address_that_is_none_is_wrong_use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PIPELINE_API_URL", "localhost:80")
    with pytest.raises(WrongUse, match="PIPELINE_API_URL is not an http or https address: 'localhost:80'"):
        Client.for_repo(tmp_path).health()


def test_no_api_is_try_later_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ApiAway, match="is not running here") as caught:
        Client.for_repo(tmp_path).health()
    assert caught.value.exit_code == 75
    assert "make autonomous" in str(caught.value.hint)


def test_a_port_nobody_listens_on_is_try_later(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(ApiAway, match="does not answer"):
        Client(f"http://127.0.0.1:{port}", "t").health()


def test_the_token_is_not_sent_to_a_stranger_on_the_port_of_an_api_that_ended(tmp_path: Path) -> None:
    state = StateDir(tmp_path).create()
    state.token.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        stranger.settimeout(0.2)
        said = {"url": f"http://127.0.0.1:{stranger.getsockname()[1]}", "pid": PID, "start_time": START - 5}
        state.api_json.write_text(json.dumps(said))
        with pytest.raises(ApiAway, match="has ended"):
            Client.for_repo(tmp_path).count()
        with pytest.raises(TimeoutError):
            stranger.accept()


class Stub:
    """Answers each connection with the next of some canned answers; None closes it without one."""

    def __init__(self, *answers: bytes | None) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.asked: list[bytes] = []
        self.thread = threading.Thread(target=self._serve, args=(answers,), daemon=True)
        self.thread.start()

    def _serve(self, answers: tuple[bytes | None, ...]) -> None:
        for answer in answers:
            connection, _ = self.server.accept()
            with connection:
                data = b""
                while b"\r\n\r\n" not in data or not data.rstrip().endswith(b"}"):
                    data += connection.recv(65536)
                self.asked.append(data)
                if answer is not None:
                    connection.sendall(answer)
        self.server.close()


def test_a_claim_whose_answer_was_lost_is_asked_with_the_same_key() -> None:
    nothing = b"HTTP/1.1 204 No Content\r\n\r\n"
    stub = Stub(None, nothing, nothing)
    client = Client(stub.url, "t", timeout_s=5)
    with pytest.raises(ApiAway):
        client.claim(**WHO)
    assert client.claim(**WHO) is None
    assert client.claim(**WHO) is None
    stub.thread.join(5)
    first, second, third = (json.loads(one.partition(b"\r\n\r\n")[2])["claim_key"] for one in stub.asked)
    assert first == second != third


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 503 x\r\nContent-Length: 17\r\n\r\n" + b'{"detail":"full"}', r"could not do it now \(503\): full"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "not the nightrun API answered"),
        (b"SSH-2.0-OpenSSH\r\n", "does not answer"),
    ],
)
def test_answers_of_a_sick_api_or_a_stranger_are_try_later(answer: bytes, words: str) -> None:
    stub = Stub(answer)
    with pytest.raises(ApiAway, match=words):
        Client(stub.url, "t", timeout_s=5).pause("intake", "x")


@pytest.mark.parametrize("ask", ["snapshot", "pauses", "runners", "tasks", "health"])
@pytest.mark.parametrize("text", [b"[1, 2]", b"7", b'"x"', b"null", b"<html>"])
def test_an_answer_of_another_shape_is_no_answer(ask: str, text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked is not to be blamed for it: the supervisor would end its run, the runner itself."""
    monkeypatch.setattr(client_module, "_request", lambda *_: (200, text))
    with pytest.raises(ApiAway, match="Something that is not the nightrun API answered"):
        getattr(Client("http://x", "t"), ask)()


def test_a_claim_that_is_no_task_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_request", lambda *_: (200, b'{"id": 7}'))
    with pytest.raises(ApiAway, match="what should be a task is none"):
        Client("http://x", "t").claim(**WHO)
