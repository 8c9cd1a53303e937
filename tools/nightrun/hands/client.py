"""The only HTTP client: what the other parts and the commands ask of the API (DESIGN section 8)."""

from __future__ import annotations

import http.client
import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from nightrun.hands import clock
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import NightrunError, TryLater, WrongUse
from nightrun.words.task import Task

TIMEOUT_S = 30.0
AWAY_HINT = "Start it with `make autonomous`; what it said last is in .pipeline/logs/api.log."

Address = tuple[str, str]  # URL and token


class ApiAway(TryLater):
    """Nobody answers, or the answer is that it cannot be done now. What was asked may or may not have happened."""


class Refused(NightrunError):
    """The API understood and said no. `detail` is what it said: a text, a list, or a mapping with `allowed` moves."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(f"The API refused this ({status}): {_words(detail)}")
        self.status = status
        self.detail = detail


class Client:
    """One method per route. Every call is one fresh connection: a restarted API is found again by itself."""

    def __init__(self, url: str, token: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._address: Callable[[], Address] = lambda: (url, token)
        self._timeout_s = timeout_s
        self._claim_key = ""

    @classmethod
    def for_repo(cls, root: Path, *, timeout_s: float = TIMEOUT_S) -> Client:
        """PIPELINE_API_URL and PIPELINE_API_TOKEN, else what the API of this repository wrote when it was ready."""
        client = cls("", "", timeout_s=timeout_s)
        client._address = lambda: _address_of(StateDir(root))
        return client

    # -- tasks

    def add_task(self, direction: str, task_type: str, **fields: Any) -> Task:
        body = {"direction": direction, "task_type": task_type, **fields}
        return _task(self._object("POST", "/api/agent/tasks", body))

    def tasks(self, **filters: Any) -> tuple[list[Task], int]:
        """Filters: status, task_type, limit (1 to 100), offset, order (newest or oldest). Output is left out."""
        answer = self._object("GET", "/api/agent/tasks", query=filters)
        return [_task(one) for one in answer["tasks"]], int(answer["total"])

    def task(self, task_id: str) -> Task:
        return _task(self._object("GET", _task_path(task_id)))

    def patch(self, task_id: str, **fields: Any) -> Task:
        return _task(self._object("PATCH", _task_path(task_id), fields))

    def reopen(self, task_id: str, reason: str, **fields: Any) -> Task:
        body = {"reason": reason, **fields}
        return _task(self._object("POST", _task_path(task_id, "/reopen"), body))

    def log(self, task_id: str, **query: Any) -> dict[str, Any]:
        return self._object("GET", _task_path(task_id, "/log"), query=query)

    def events(self, task_id: str) -> list[dict[str, Any]]:
        return self._list(_task_path(task_id, "/events"), "events")

    def note(self, task_id: str, text: str) -> None:
        """One more event of a task that does not move."""
        self._call("POST", _task_path(task_id, "/events"), {"text": text})

    def attempts(self, task_id: str) -> list[dict[str, Any]]:
        return self._list(_task_path(task_id, "/attempts"), "attempts")

    def task_spent(self, task_id: str) -> dict[str, Any]:
        return self._object("GET", _task_path(task_id, "/spent"))

    def spent(self, *, since: float, before: float | None = None) -> dict[str, Any]:
        """What attempts used that were started in this time (seconds since the epoch)."""
        query = {"since": since} | ({} if before is None else {"before": before})
        return self._object("GET", "/api/agent/spent", query=query)

    def attention(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/tasks/attention")

    def count(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/tasks/count")

    # -- runners

    def claim(
        self,
        *,
        runner: str,
        pid: int,
        boot_id: str,
        start_time: float,
        agents: Sequence[str],
        types: Sequence[str] | None = None,
        wait_seconds: float = 0,
        heal_share: float = 1.0,
    ) -> Task | None:
        """The next ready task, now running and leased to this runner; None when there is none."""
        # Kept until an answer arrives: a claim whose answer was lost gives the same task again, not a second one.
        self._claim_key = self._claim_key or secrets.token_hex(8)
        body = {
            "runner": runner,
            "pid": pid,
            "boot_id": boot_id,
            "start_time": start_time,
            "agents": list(agents),
            "types": None if types is None else list(types),
            "wait_seconds": wait_seconds,
            "claim_key": self._claim_key,
            "heal_share": heal_share,
        }
        answer = self._call("POST", "/api/agent/claim", body, timeout_s=self._timeout_s + wait_seconds)
        self._claim_key = ""
        return None if answer is None else _task(answer)

    def heartbeat(self, task_id: str, fencing_token: int, **progress: Any) -> dict[str, Any]:
        """Keep the claim: {lease_expires_at, stop}. Refused with 409 when it is lost."""
        body = {"fencing_token": fencing_token, **progress}
        return self._object("POST", _task_path(task_id, "/heartbeat"), body)

    def runners(self) -> list[dict[str, Any]]:
        return self._list("/api/agent/runners", "runners")

    def report_runner(self, name: str, **fields: Any) -> dict[str, Any]:
        return self._object("POST", f"/api/agent/runners/{quote(name, safe='')}", fields)

    def pauses(self) -> list[dict[str, Any]]:
        return self._list("/api/agent/pauses", "pauses")

    def pause(self, scope: str, reason: str, *, until: float | None = None, by: str = "person") -> dict[str, Any]:
        body = {"scope": scope, "reason": reason, "until": until, "by": by}
        return self._object("POST", "/api/agent/pauses", body)

    def resume(self, scope: str, *, by: str = "person") -> dict[str, Any]:
        """End a pause. `nightrun` ends only its own, a person ends both."""
        return self._object("DELETE", "/api/agent/pauses", {"scope": scope, "by": by})

    # -- monitor

    def snapshot(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/snapshot")

    def send_findings(self, findings: Sequence[Any], *, whole: bool = True) -> dict[str, Any]:
        """All findings of one look of the monitor, as `Finding`s or mappings: {opened, resolved, open}.

        Not `whole` are those of somebody else, who saw only these: nothing is resolved.
        """
        body = {"findings": [_plain(one) for one in findings], "whole": whole}
        return self._object("POST", "/api/agent/monitor-issues", body)

    def issues(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/monitor-issues")

    def issues_state(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/issues-state")

    def patch_issue(self, issue_id: str, **fields: Any) -> dict[str, Any]:
        return self._object("PATCH", f"/api/agent/issues/{quote(issue_id, safe='')}", fields)

    def metrics(self, window_days: int = 7) -> dict[str, Any]:
        return self._object("GET", "/api/agent/metrics", query={"window_days": window_days})

    def effectiveness(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/effectiveness")

    def status_report(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/status-report")

    def pipeline_status(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/pipeline-status")

    def fatal_issues(self) -> dict[str, Any]:
        return self._object("GET", "/api/agent/fatal-issues")

    def health(self, *, timeout_s: float | None = None) -> dict[str, Any]:
        return self._object("GET", "/api/health", timeout_s=timeout_s)

    # -- one request

    def _object(self, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        said = self._call(method, path, body, **more)
        if not isinstance(said, dict):
            raise _not_ours(f"{method} {path} is no object")
        return said

    def _list(self, path: str, key: str) -> list[dict[str, Any]]:
        said = self._object("GET", path).get(key)
        if not isinstance(said, list):
            raise _not_ours(f"GET {path} has no list {key}")
        return said

    def _call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout_s: float | None = None,
    ) -> Any:
        url, token = self._address()
        wanted = {k: v for k, v in (query or {}).items() if v is not None}
        target = path + ("?" + urlencode(wanted) if wanted else "")
        status, text = _request(url, token, method, target, _json(body), timeout_s or self._timeout_s)
        return _answer(status, text)


def _address_of(state: StateDir) -> Address:
    url = os.environ.get("PIPELINE_API_URL", "")
    token = os.environ.get("PIPELINE_API_TOKEN", "") or _read(state.token).strip()
    if url:
        return url, token
    try:
        said = json.loads(_read(state.api_json) or "{}")
        url, pid, start = str(said["url"]), int(said["pid"]), float(said["start_time"])
    except (ValueError, KeyError, TypeError):
        raise ApiAway("The nightrun API is not running here.", AWAY_HINT) from None
    # A stranger may have the port by now, and must not be sent the token.
    if not clock.is_same_process(pid, start):
        raise ApiAway("The nightrun API has ended.", AWAY_HINT)
    return url, token


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _request(url: str, token: str, method: str, target: str, body: bytes | None, timeout_s: float) -> tuple[int, bytes]:
    connection = _connection(url, timeout_s)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", "Connection": "close"}
    if body is not None:
        headers["Content-Type"] = "application/json"
    try:
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise ApiAway(f"The nightrun API at {url} does not answer: {_kind(error)}.", AWAY_HINT) from error
    finally:
        connection.close()


def _connection(url: str, timeout_s: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongUse(f"PIPELINE_API_URL is not an http or https address: {url!r}.")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=timeout_s)


def _json(body: Any) -> bytes | None:
    if body is None:
        return None
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError:
        raise WrongUse("The text holds bytes that are no valid UTF-8.", "Save it as UTF-8 and try again.") from None


def _answer(status: int, text: bytes) -> Any:
    if status == 204:
        return None
    try:
        said = json.loads(text)
    except ValueError:
        raise ApiAway(f"Something that is not the nightrun API answered ({status}).", AWAY_HINT) from None
    if status < 300:
        return said
    detail = said.get("detail", said) if isinstance(said, dict) else said
    if status >= 500:
        raise ApiAway(f"The API could not do it now ({status}): {_words(detail)}", AWAY_HINT)
    raise Refused(status, detail)


def _task(said: Any) -> Task:
    try:
        return Task.from_json(said)
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise _not_ours("what should be a task is none") from error


def _not_ours(why: str) -> ApiAway:
    """Whoever asked is not to blame, and is not helped by another start of its own."""
    return ApiAway(f"Something that is not the nightrun API answered: {why}.", AWAY_HINT)


def _words(detail: Any) -> str:
    if isinstance(detail, dict) and "message" in detail:
        return str(detail["message"])
    if isinstance(detail, list):
        return "; ".join(f"{_place(one)}{one.get('msg', one)}" for one in detail if isinstance(one, dict))
    return str(detail)


def _place(problem: Mapping[str, Any]) -> str:
    names = [str(part) for part in problem.get("loc", ()) if part != "body"]
    return f"{'.'.join(names)}: " if names else ""


def _kind(error: Exception) -> str:
    return str(error) or type(error).__name__


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else dict(value)


def _task_path(task_id: str, rest: str = "") -> str:
    return f"/api/agent/tasks/{quote(task_id, safe='')}{rest}"
