"""goose: `goose run --output-format stream-json`, which ends with the line `complete` or `error`; not run, only read.

From its documentation and its source (agents.md section 11): nothing here was measured. Its exit code is wrong in both
directions in older versions, so a line `error` counts although the exit code is 0. It commits nothing by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines
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
    if end.reason == EXITED and end.code != 0:
        summary = f"goose says that it is complete, but {ending.how(end)}"
        return AgentResult(kind="agent", summary=summary, text=text, usage=usage)
    return AgentResult(kind=COMPLETED, text=text, usage=usage)


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
