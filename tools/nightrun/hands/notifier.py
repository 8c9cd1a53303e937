"""The only door to notification services and to a person's own program: bounded, and silent about secrets."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightrun.decisions import lines
from nightrun.hands import process
from nightrun.words.errors import NightrunError

TIMEOUT_S = 30.0
SAID_CHARS = 200
KEEP_BYTES = 64 << 10
# Apprise runs in a process of its own: one that hangs can be ended, and its many imports cost a long run nothing.
_APPRISE = ("-P", "-m", "nightrun.hands.notifier_apprise")
_SECRET = re.compile(r"[^/:@?&=\s]{6,}")
_HIDDEN = "***"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one service or program made of a message."""

    to: str  # never an address: that may hold a token
    ok: bool
    said: str = ""


def kinds(urls: Sequence[str]) -> list[str]:
    """What the addresses are of, without what is secret in them."""
    return [lines.safe(one.partition("://")[0], 20) for text in urls for one in text.split() if "://" in one]


def send(
    message: Mapping[str, Any],
    *,
    urls: Sequence[str],
    command: Sequence[str] | None,
    root: Path,
    timeout_s: float = TIMEOUT_S,
) -> list[Answer]:
    """One answer for each service and for the program; never an exception, at most `timeout_s` for each of the two."""
    found: list[Answer] = []
    if urls:
        found += _by_apprise(message, urls, timeout_s)
    if command:
        found.append(_by_command(message, command, root, timeout_s))
    return found


def _by_command(message: Mapping[str, Any], command: Sequence[str], root: Path, timeout_s: float) -> Answer:
    to = lines.safe(Path(command[0]).name, 40)
    try:
        done = process.run(
            command, cwd=root, stdin=json.dumps(message).encode(), timeout_s=timeout_s, keep_bytes=KEEP_BYTES
        )
    except NightrunError as error:
        return Answer(to=to, ok=False, said=error.message)
    if done.timed_out:
        return Answer(to=to, ok=False, said=f"did not end within {timeout_s:g} s")
    said = lines.safe((done.err or done.out).decode(errors="replace"), SAID_CHARS)
    return Answer(to=to, ok=True) if done.code == 0 else Answer(to=to, ok=False, said=f"exit code {done.code}: {said}")


def _by_apprise(message: Mapping[str, Any], urls: Sequence[str], timeout_s: float) -> list[Answer]:
    """The addresses go over standard input: arguments of a process can be seen by everybody on the machine."""
    asked = json.dumps({"urls": list(urls), **{name: message[name] for name in ("kind", "title", "text")}}).encode()
    try:
        done = process.run([sys.executable, *_APPRISE], stdin=asked, timeout_s=timeout_s, keep_bytes=KEEP_BYTES)
    except NightrunError as error:
        return [Answer(to="apprise", ok=False, said=error.message)]
    if done.timed_out:
        return [Answer(to=", ".join(kinds(urls)) or "apprise", ok=False, said=f"no answer within {timeout_s:g} s")]
    try:
        return [_answer(one, urls) for one in json.loads(done.out)]
    except (ValueError, KeyError, TypeError):
        said = _without_secrets(done.err.decode(errors="replace"), urls)[-SAID_CHARS:]
        return [Answer(to="apprise", ok=False, said=lines.safe(said) or f"exit code {done.code}")]


def _answer(one: Mapping[str, Any], urls: Sequence[str]) -> Answer:
    said = lines.safe(_without_secrets(str(one["said"]), urls), SAID_CHARS)
    return Answer(to=lines.safe(one["to"], 40), ok=one["ok"] is True, said=said)


def _without_secrets(text: str, urls: Sequence[str]) -> str:
    """Whatever an address is made of, its kind excepted, is not repeated."""
    for part in {word for url in urls for one in url.split() for word in _SECRET.findall(one.partition("://")[2])}:
        text = text.replace(part, _HIDDEN)
    return text
