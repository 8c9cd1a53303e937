"""goose: `goose run --output-format stream-json`, which ends with the line `complete` or `error`; not run, only read.

From its documentation and its source (agents.md section 11): nothing here was measured. Its exit code is wrong in both
directions in older versions, so a line `error` counts although the exit code is 0. Faults of the provider may also be
its last message, before the line `complete` and exit code 0: as content of the type `error` or `systemNotification`, in
older versions as text in fixed words (goose pull request 11938). It commits nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.fault import Fault
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "goose"
PROGRAM = "goose"
TRIED: tuple[int, ...] = ()  # it was not run
TELLS = ("input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(
    folders=(".config/goose", ".local/share/goose", ".local/state/goose"), settings=(".config/goose/config.yaml",)
)
ENV = {"GOOSE_MODE": "auto", "GOOSE_DISABLE_KEYRING": "1", "GOOSE_TELEMETRY_ENABLED": "false"}
KEYS = (
    "GOOSE_PROVIDER",
    "GOOSE_MODEL",
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "OPENAI_HOST",
    "GOOGLE_API_KEY",
    "OPENROUTER_API_KEY",
    "XDG_CONFIG_HOME",
    *NETWORK,
)
# Content of a message: what kind of error it says it is.
_KINDS = {"authentication": "auth", "creditsExhausted": "auth"}
# Its own words for a fault, as the whole of a text. An agent could write them, so they are never a limit or a login.
_OWN_WORDS = re.compile(
    r"Ran into this error: .+\n\nPlease retry if you think this is a transient or recoverable error\."
    r"|.+\n\nPlease resend your message to try again\."
    r"|The provider refused this request\.\n\n.+",
    re.DOTALL,
)
_COMMAND = (PROGRAM, "run", "--no-session", "--quiet", "--output-format", "stream-json")


def argv(run: AgentRun) -> tuple[str, ...]:
    if run.command is not None:
        return command_line.argv(run, run.command)
    return (*_COMMAND, *(("--model", run.model) if run.model else ()), *run.args, "-i", "-")


def stdin(run: AgentRun) -> bytes | None:
    return command_line.stdin(run, run.command) if run.command is not None else command_line.encoded(run.prompt)


def file_text(run: AgentRun) -> str:
    return run.prompt


def cannot(direction: str) -> str | None:
    return None


def read(end: AgentEnd, *, now: float) -> AgentResult:
    events = json_lines.events(end.output)
    text, usage = _answer(events), _usage(json_lines.last(events, "complete"))
    error, last = json_lines.last(events, "error"), json_lines.last(events, "error", "complete", "message")
    if error is not None and (last is error or (last is not None and last["type"] == "complete")):
        message = json_lines.text(error, "error") or "it gave no reason"
        return ending.failed(fault.of(message, now=now), message, usage, text=text)
    if last is None or last["type"] != "complete":
        return ending.without_result(NAME, end, began=bool(events), now=now)
    if (told := _told(events, now)) is not None:
        return ending.failed(told[0], told[1], usage, text=text)
    if end.reason == EXITED and end.code != 0:
        summary = f"goose says that it is complete, but {ending.how(end)}"
        return AgentResult(kind="agent", summary=summary, text=text, usage=usage)
    return AgentResult(kind=COMPLETED, text=text, usage=usage)


def _told(events: Sequence[Event], now: float) -> tuple[Fault, str] | None:
    """A fault, and its words, that the last message is about."""
    last = json_lines.last(events, "message")
    parts = json_lines.part(last or {}, "message").get("content")
    for part in parts if isinstance(parts, list) else []:
        if not isinstance(part, dict):
            continue
        kind, message = json_lines.text(part, "kind"), json_lines.text(part, "message")
        if part.get("type") == "error":
            return (Fault(_KINDS[kind]) if kind in _KINDS else fault.of(message, now=now)), message or kind
        if part.get("type") == "systemNotification" and part.get("notificationType") in _KINDS:
            return Fault(_KINDS[str(part["notificationType"])]), json_lines.text(part, "msg") or "credits are exhausted"
        if part.get("type") == "text" and _OWN_WORDS.fullmatch(json_lines.text(part, "text").strip()):
            return Fault("agent"), json_lines.text(part, "text").strip()
    return None


def _answer(events: Sequence[Event]) -> str:
    """The texts of the assistant since a tool answered: a message comes in pieces."""
    pieces: list[str] = []
    for one in events:
        message = json_lines.part(one, "message")
        if one.get("type") != "message":
            continue
        if message.get("role") != "assistant":
            pieces.clear()
            continue
        parts = message.get("content")
        found = [part for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
        pieces += [json_lines.text(part, "text") for part in found if part.get("type") == "text"]
    return "".join(pieces)


def _usage(complete: Event | None) -> dict[str, Any]:
    """Newer versions tell both; a sum alone does not say which is which."""
    told = complete or {}
    return json_lines.known(
        input_tokens=json_lines.total(told, "input_tokens"), output_tokens=json_lines.total(told, "output_tokens")
    )
