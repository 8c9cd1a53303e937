"""opencode: `opencode run --format json`, one event per line and no result line (agents.md sections 2, 3, 6 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "opencode"
PROGRAM = "opencode"
TRIED = (1, 18, 33)  # the version that its results were read from
TELLS = ("cost_usd", "input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(
    folders=(".local/share/opencode", ".local/state/opencode", ".config/opencode"),
    settings=(".config/opencode/opencode.json", ".config/opencode/plugin", ".config/opencode/plugins"),
)
ENV = {"OPENCODE_DISABLE_AUTOUPDATE": "1", "OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_PURE": "1"}
KEYS = (
    "ANTHROPIC_API_KEY",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "OPENROUTER_API_KEY",
    "OPENCODE_API_KEY",
    "OPENCODE_CONFIG",
    "OPENCODE_CONFIG_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    *NETWORK,
)
_COMMAND = (PROGRAM, "run", "--format", "json", "--auto")
_WORKS_ON = "tool-calls"  # reason of a step that another one follows


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
    text, usage = _answer(events), _usage(events)
    last = json_lines.last(events, "step_start", "step_finish", "error")
    if last is not None and last["type"] == "error":
        return _failed(json_lines.part(last, "error"), text, usage, now)
    if last is None or last["type"] != "step_finish" or json_lines.part(last, "part").get("reason") == _WORKS_ON:
        return ending.without_result(NAME, end, began=bool(events), now=now)
    if end.reason == EXITED and end.code != 0:
        summary = f"opencode finished its last step, but {ending.how(end)}"
        return AgentResult(kind="agent", summary=summary, text=text, usage=usage)
    return AgentResult(kind=COMPLETED, summary="" if text else _tool_errors(events), text=text, usage=usage)


def _failed(error: Event, text: str, usage: dict[str, Any], now: float) -> AgentResult:
    data = json_lines.part(error, "data")
    name = json_lines.text(error, "name")
    message = json_lines.text(data, "message") or name or "it gave no reason"
    status = json_lines.number(data, "statusCode")
    found = fault.of(
        f"{message} {name} {json_lines.text(data, 'responseBody')}",
        status=int(status) if status else None,
        now=now,
        retry_after=_retry_after(data),
    )
    return ending.failed(found, message, usage, text=text)


def _retry_after(data: Event) -> float | None:
    headers = json_lines.part(data, "responseHeaders")
    value = json_lines.text(headers, "retry-after")
    return float(value) if value.isdecimal() and len(value) < 9 else None


def _tool_errors(events: Sequence[Event]) -> str:
    """Why nothing may have been done: a tool that is refused ends in an empty answer and exit code 0."""
    states = [json_lines.part(one, "part", "state") for one in events if one.get("type") == "tool_use"]
    wrong = [one for one in states if one.get("status") == "error"]
    return ending.one_line(f"{len(wrong)} tools failed: {wrong[-1].get('error')}") if wrong else ""


def _answer(events: Sequence[Event]) -> str:
    found = [json_lines.text(json_lines.part(one, "part"), "text") for one in events if one.get("type") == "text"]
    return found[-1] if found else ""


def _usage(events: Sequence[Event]) -> dict[str, Any]:
    """Each step tells its own; unknown when the first steps are no longer in the output."""
    if not events or events[0].get("type") not in ("step_start", "error"):
        return {}
    steps = [json_lines.part(one, "part") for one in events if one.get("type") == "step_finish"]
    tokens = [json_lines.part(one, "tokens") for one in steps]
    caches = [json_lines.part(one, "cache") for one in tokens]
    if not steps:
        return {}
    cached = sum(json_lines.total(one, "read") or 0 for one in caches)
    written = sum(json_lines.total(one, "write") or 0 for one in caches)
    costs = [cost for one in steps if (cost := json_lines.number(one, "cost")) is not None]
    return json_lines.known(
        input_tokens=sum(json_lines.total(one, "input") or 0 for one in tokens) + cached + written,
        cached_input_tokens=cached,
        output_tokens=sum(json_lines.total(one, "output", "reasoning") or 0 for one in tokens),
        cost_usd=sum(costs) if costs else None,
        turns=len(steps),
    )
