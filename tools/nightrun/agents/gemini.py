"""Gemini CLI: `gemini -o stream-json`, its result is the last line of a JSON stream (agents.md sections 2, 3, 6, 7).

Measured with 0.61.0: all of this but the exit codes 41, 42, 52, 53 and 55, which are documented. It commits nothing by
itself and leaves nothing in the repository. Its updates are switched off in its own settings file only
(`general.disableAutoUpdate`); it looks for them only when a person sits in front of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines, reset_time
from nightrun.agents.fault import Fault
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "gemini"
PROGRAM = "gemini"
TRIED = (0, 61, 0)  # the version that its results were read from
TELLS = ("input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(
    folders=(".gemini",),
    settings=(".gemini/settings.json", ".gemini/GEMINI.md", ".gemini/extensions", ".gemini/commands"),
)
ENV = {"GEMINI_TELEMETRY_ENABLED": "false", "GEMINI_CLI_TRUST_WORKSPACE": "true"}
KEYS = (
    "GEMINI_API_KEY",
    "GOOGLE_API_KEY",
    "GOOGLE_GEMINI_BASE_URL",
    "GOOGLE_GENAI_USE_VERTEXAI",
    "GOOGLE_GENAI_USE_GCA",
    "GOOGLE_CLOUD_PROJECT",
    "GOOGLE_CLOUD_LOCATION",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GEMINI_MODEL",
    *NETWORK,
)
# A new worktree is a folder that it does not trust, and then it does nothing.
_COMMAND = (PROGRAM, "--approval-mode", "yolo", "--skip-trust", "-o", "stream-json")
# What ends it before it has a result: kind and words.
_EXIT_CODES = {
    41: ("auth", "nobody is logged in"),
    42: ("setup", "it does not take this command line"),
    52: ("setup", "its settings are wrong"),
    53: ("agent", "it reached its limit of turns"),
    55: ("setup", "it does not trust the folder"),
}
_MODULO = 256  # an exit code is a byte, and it exits with the status of HTTP
_STATUSES = range(400, 512)


def argv(run: AgentRun) -> tuple[str, ...]:
    if run.command is not None:
        return command_line.argv(run, run.command)
    return (*_COMMAND, *(("--model", run.model) if run.model else ()), *run.args)


def stdin(run: AgentRun) -> bytes | None:
    return command_line.stdin(run, run.command) if run.command is not None else command_line.encoded(run.prompt)


def file_text(run: AgentRun) -> str:
    return run.prompt


def cannot(direction: str) -> str | None:
    return None


def read(end: AgentEnd, *, now: float) -> AgentResult:
    events = json_lines.events(end.output)
    result = json_lines.last(events, "result")
    if result is None or result is not events[-1]:
        return _unfinished(events, end, now)
    text, usage, model = _answer(events), _usage(result), _model(result)
    if result.get("status") != "success":
        message = _said(json_lines.text(json_lines.part(result, "error"), "message")) or "it gave no reason"
        return ending.failed(_fault(message, _status(end), now), message, usage, text=text, model=model)
    wrong = _loop(events)
    if not wrong and end.reason == EXITED and end.code != 0:
        wrong = f"gemini says success, but {ending.how(end)}"
    kind = "agent" if wrong else COMPLETED
    return AgentResult(kind=kind, summary=wrong, text=text, usage=usage, model=model)


def _unfinished(events: Sequence[Event], end: AgentEnd, now: float) -> AgentResult:
    if end.reason == EXITED and end.code in _EXIT_CODES:
        kind, words = _EXIT_CODES[end.code]
        return AgentResult(kind=kind, summary=ending.one_line(f"gemini: {words}: {ending.last_line(end.output)}"))
    status = _status(end)
    if status is not None:
        message = f"gemini ended with status {status} of its provider"
        return ending.failed(_fault(message, status, now), message, {})
    return ending.without_result(NAME, end, began=bool(events), now=now)


def _status(end: AgentEnd) -> int | None:
    status = end.code + _MODULO if end.reason == EXITED and end.code is not None else 0
    return status if status in _STATUSES else None


def _fault(message: str, status: int | None, now: float) -> Fault:
    """Google says `exceeded your current quota` of limits that end in a minute or at midnight, too."""
    if status == 429:
        return Fault("limit", reset_time.read(message, now=now))
    return fault.of(message, status=status, now=now)


def _said(message: str) -> str:
    """What the provider says inside of `[API Error: {"error": {"message": ...}}]`."""
    start, end = message.find("{"), message.rfind("}")
    try:
        inner = json.loads(message[start : end + 1]) if 0 <= start < end else {}
    except (ValueError, RecursionError):
        return message
    return (
        json_lines.text(json_lines.part(inner, "error"), "message") or message if isinstance(inner, dict) else message
    )


def _loop(events: Sequence[Event]) -> str:
    """It stops itself when it repeats itself, and calls that a success."""
    last = events[-2] if len(events) > 1 else {}
    message = json_lines.text(last, "message")
    stopped = last.get("type") == "error" and message.startswith("Loop detected")
    return ending.one_line(f"gemini stopped itself: {message}") if stopped else ""


def _answer(events: Sequence[Event]) -> str:
    """Its message comes in pieces."""
    pieces: list[str] = []
    for one in events:
        if one.get("type") == "message" and one.get("role") == "assistant":
            pieces.append(json_lines.text(one, "content"))
        elif one.get("type") in ("tool_use", "tool_result"):
            pieces.clear()
    return "".join(pieces)


def _usage(result: Event) -> dict[str, Any]:
    """Cost is not in it; all zero means that no request was answered."""
    stats = json_lines.part(result, "stats")
    if not json_lines.total(stats, "total_tokens"):
        return {}
    return json_lines.known(
        input_tokens=json_lines.total(stats, "input_tokens"),
        cached_input_tokens=json_lines.total(stats, "cached"),
        output_tokens=json_lines.total(stats, "output_tokens"),
    )


def _model(result: Event) -> str | None:
    models = json_lines.part(result, "stats", "models")
    return max(
        models, key=lambda name: json_lines.number(json_lines.part(models, name), "total_tokens") or 0.0, default=None
    )
