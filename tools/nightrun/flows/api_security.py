"""Who may ask at all: what every request must have before a route sees it (DESIGN section 8, reliability.md 4.5).

A web page in the user's browser can reach a loopback port, and this API starts agents; so Host, Origin and
Sec-Fetch-Site are looked at before the token is.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Collection
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1 << 20  # bytes
BODY_SECONDS = 10.0  # for the whole body to arrive
_DRAINED = 16 << 20  # bytes of a refused body that are still read, so that the client gets to see the answer
_OPEN_PATHS = ("/api/health",)
_SAME = ("same-origin", "none")  # a page of our own, or an address typed by a person

Problem = tuple[int, str]


class Guard:
    """ASGI around the application: refuses, or hands on the request with its whole body read."""

    def __init__(self, app: ASGIApp, *, token: str, hosts: Collection[str]) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        problem = self._who(scope, headers)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _read(receive, 0 if problem else BODY_LIMIT)
        except TimeoutError:
            body, problem = b"", (408, "The request took too long to arrive.")
        except ConnectionError:
            return
        problem = problem or _what(scope, headers, body)
        if problem:
            await _refuse(send, *problem)
        else:
            await self._app(scope, _again(body or b"", receive), _private(send))

    def _who(self, scope: Scope, headers: dict[str, list[str]]) -> Problem | None:
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return 421, "This host name is not one of this API."
        own = f"{scope['scheme']}://{hosts[0]}".lower()
        if any(origin.lower() != own for origin in headers.get("origin", [])):
            return 403, "Requests of other web pages are not answered."
        if any(site.lower() not in _SAME for site in headers.get("sec-fetch-site", [])):
            return 403, "Requests of other web pages are not answered."
        if scope["path"] in _OPEN_PATHS:
            return None
        sent = headers.get("authorization", [""])[0].partition(" ")
        if sent[0].lower() != "bearer" or not hmac.compare_digest(sent[2].strip().encode(), self._token):
            return 401, "A token is needed: Authorization: Bearer TOKEN, from .pipeline/token."
        return None


def _what(scope: Scope, headers: dict[str, list[str]], body: bytes | None) -> Problem | None:
    if body is None:
        return 413, f"The body is larger than {BODY_LIMIT} bytes."
    kind = headers.get("content-type", [""])[0].partition(";")[0].strip().lower()
    if scope["method"] not in ("GET", "HEAD", "OPTIONS") and (body or kind) and kind != "application/json":
        return 415, "Only application/json is taken."
    try:
        body.decode()
    except UnicodeDecodeError:
        return 400, "The body is not UTF-8 text."
    return None


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The body, None when it is larger than `limit`."""
    parts: list[bytes] = []
    size = 0
    while size <= _DRAINED:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        part = message.get("body", b"")
        size += len(part)
        if size <= limit:
            parts.append(part)
        if not message.get("more_body", False):
            break
    return b"".join(parts) if size <= limit else None


def _again(body: bytes, receive: Receive) -> Receive:
    """Give the body that was read once more, then what really comes (the end of the connection)."""
    given = False

    async def replay() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _private(send: Send) -> Send:
    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            more = [(b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff")]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return marked


async def _refuse(send: Send, status: int, detail: str) -> None:
    body = json.dumps({"detail": detail}).encode()
    headers: list[tuple[bytes, bytes]] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": body})
