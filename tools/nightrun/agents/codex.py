"""Codex: `codex exec --json`, its result is `turn.completed` or `turn.failed` (agents.md sections 2, 3, 6 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "codex"
PROGRAM = "codex"
TRIED = (0, 169, 0)  # the version that its results were read from
TELLS = ("input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(folders=(".codex",), settings=(".codex/config.toml", ".codex/AGENTS.md", ".codex/prompts"))
ENV: dict[str, str] = {}  # its switches are settings on the command line
KEYS = ("OPENAI_API_KEY", "CODEX_API_KEY", "OPENAI_BASE_URL", "CODEX_HOME", *NETWORK)
# Without these it looks for updates and plugins on the network at every start, and reports what it does.
_SETTINGS = (
    "check_for_update_on_startup=false",
    "analytics.enabled=false",
    "features.plugins=false",
    "features.apps=false",
)
_COMMAND = (
    *(PROGRAM, "exec", "--json", "--sandbox", "workspace-write"),
    *(word for one in _SETTINGS for word in ("-c", one)),
)


def argv(run: AgentRun) -> tuple[str, ...]:
    if run.command is not None:
        return command_line.argv(run, run.command)
    return (*_COMMAND, *(("--model", run.model) if run.model else ()), *run.args, "-")


def stdin(run: AgentRun) -> bytes | None:
    return command_line.stdin(run, run.command) if run.command is not None else command_line.encoded(run.prompt)


def file_text(run: AgentRun) -> str:
    return run.prompt


def cannot(direction: str) -> str | None:
    return None


def read(end: AgentEnd, *, now: float) -> AgentResult:
    """Lines of type `error` are notices of retries, not the end."""
    events = json_lines.events(end.output)
    last = json_lines.last(events, "turn.completed", "turn.failed", "turn.started")
    text, usage = _answer(events), _usage(events)
    if last is not None and last["type"] == "turn.failed":
        message = json_lines.text(json_lines.part(last, "error"), "message") or "it gave no reason"
        return ending.failed(fault.of(message, now=now), message, usage, text=text)
    if last is None or last["type"] != "turn.completed":
        return _unfinished(events, end, text, now)
    if end.reason == EXITED and end.code != 0:
        summary = f"codex completed its turn, but {ending.how(end)}"
        return AgentResult(kind="agent", summary=summary, text=text, usage=usage)
    return AgentResult(kind=COMPLETED, text=text, usage=usage)


def _unfinished(events: Sequence[Event], end: AgentEnd, text: str, now: float) -> AgentResult:
    """A run that ends on a notice of a retry ended because of it."""
    notice = events[-1] if events and events[-1].get("type") == "error" else None
    if notice is not None and (end.code != 0 or end.reason != EXITED):
        message = json_lines.text(notice, "message") or "it gave no reason"
        found = fault.of(message, now=now)
        is_waiting = found.kind == "agent" and end.reason != EXITED
        return ending.failed(fault.Fault("network") if is_waiting else found, message, {}, text=text)
    return ending.without_result(NAME, end, began=bool(events), now=now)


def _answer(events: Sequence[Event]) -> str:
    items = [json_lines.part(one, "item") for one in events if one.get("type") == "item.completed"]
    found = [one for one in items if one.get("type") == "agent_message"]
    return json_lines.text(found[-1], "text") if found else ""


def _usage(events: Sequence[Event]) -> dict[str, Any]:
    """Cost is not in it."""
    usage = json_lines.part(json_lines.last(events, "turn.completed"), "usage")
    return json_lines.known(
        input_tokens=json_lines.total(usage, "input_tokens"),
        cached_input_tokens=json_lines.total(usage, "cached_input_tokens"),
        output_tokens=json_lines.total(usage, "output_tokens"),
    )
