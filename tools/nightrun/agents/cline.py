"""Cline CLI: `cline --json`, its result is the line `run_result` of a JSON stream (agents.md sections 2, 3 and 7).

Measured with 3.0.65. It commits nothing by itself and leaves nothing in the repository. It takes the prompt as an
argument only; one that is longer than an argument may be is in a file, which the argument names. Its daemon outlives
it: the runner ends that. Telemetry is switched off in its own settings file only (`telemetryOptOut`).
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

NAME = "cline"
PROGRAM = "cline"
TRIED = (3, 0, 65)  # the version that its results were read from
TELLS = ("cost_usd", "input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(folders=(".cline",))
ENV = {"CLINE_NO_AUTO_UPDATE": "1"}
KEYS = ("CLINE_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "OPENROUTER_API_KEY", "GEMINI_API_KEY", *NETWORK)
_COMMAND = (PROGRAM, "--json", "--auto-approve", "true")


def argv(run: AgentRun) -> tuple[str, ...]:
    if run.command is not None:
        return command_line.argv(run, run.command)
    return command_line.with_prompt(
        run, (*_COMMAND, *(("--model", run.model) if run.model else ()), *run.args, command_line.PROMPT_ARGUMENT)
    )


def stdin(run: AgentRun) -> bytes | None:
    return command_line.stdin(run, run.command) if run.command is not None else None


def file_text(run: AgentRun) -> str:
    return run.prompt


def cannot(direction: str) -> str | None:
    return None


def read(end: AgentEnd, *, now: float) -> AgentResult:
    """A line of type `error` may be about its hooks only: `finishReason` decides."""
    events = json_lines.events(end.output)
    result = json_lines.last(events, "run_result")
    if result is None:
        return _unfinished(events, end, now)
    text, usage = json_lines.text(result, "text"), _usage(result)
    model = json_lines.text(json_lines.part(result, "model"), "id") or None
    why = json_lines.text(result, "finishReason")
    if why == "error":
        message = text or "it gave no reason"
        return ending.failed(fault.of(message, now=now), message, usage, model=model)
    wrong = "" if why == "completed" else f"cline stopped itself ({why or 'no reason'}): {text}"
    if not wrong and end.reason == EXITED and end.code != 0:
        wrong = f"cline says that it is done, but {ending.how(end)}"
    return AgentResult(
        kind="agent" if wrong else COMPLETED, summary=ending.one_line(wrong), text=text, usage=usage, model=model
    )


def _unfinished(events: Sequence[Event], end: AgentEnd, now: float) -> AgentResult:
    """Without a run there is only the line that says why."""
    error = events[-1] if len(events) == 1 and events[0].get("type") == "error" else None
    if error is None:
        return ending.without_result(NAME, end, began=bool(events), now=now)
    message = json_lines.text(error, "message") or "it gave no reason"
    return ending.failed(fault.of_start(message, now=now), message, {})


def _usage(result: Event) -> dict[str, Any]:
    """All zero means that no request was answered; so does the cost of a model whose prices it does not know."""
    told = json_lines.part(result, "aggregateUsage") or json_lines.part(result, "usage")
    if not json_lines.total(told, "inputTokens", "outputTokens"):
        return {}
    return json_lines.known(
        input_tokens=json_lines.total(told, "inputTokens"),
        cached_input_tokens=json_lines.total(told, "cacheReadTokens"),
        output_tokens=json_lines.total(told, "outputTokens"),
        cost_usd=json_lines.number(told, "totalCost") or None,
        turns=json_lines.total(result, "iterations"),
    )
