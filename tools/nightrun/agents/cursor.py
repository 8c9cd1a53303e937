"""Cursor agent: `cursor-agent -p --output-format stream-json`; not run, only documented (agents.md section 11).

Its result is the last line of a JSON stream; on an error there is none, and what it says is plain text after the last
line of JSON. It tells no tokens. `-p` sometimes does not exit when it is done: its result line is the end, and the
silence limit ends the rest. It commits nothing by itself. The end of a usage limit may be weeks away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.fault import Fault
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "cursor"
PROGRAM = "cursor-agent"  # `agent` is the name of other programs, too
TRIED: tuple[int, ...] = ()  # it was not run
OWN = Own(folders=(".cursor", ".config/cursor"), settings=(".cursor/mcp.json", ".cursor/hooks.json"))
ENV: dict[str, str] = {}  # it documents no switches
KEYS = ("CURSOR_API_KEY", "XDG_CONFIG_HOME", *NETWORK)
_COMMAND = (PROGRAM, "-p", "--force", "--output-format", "stream-json")
# `Your usage limits will reset when your monthly cycle ends on 11/17/2025`
_CYCLE_ENDS = re.compile(r"cycle ends on (\d{1,2})/(\d{1,2})/(\d{4})\b")


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
    events = json_lines.events(end.output)
    result = json_lines.last(events, "result")
    if result is None or result is not events[-1]:
        return _unfinished(events, end, now)
    text = json_lines.text(result, "result")
    if result.get("is_error") is not False:
        message = text or json_lines.text(result, "subtype") or "it gave no reason"
        return ending.failed(_fault(message, now), message, {})
    if end.reason == EXITED and end.code != 0:
        return AgentResult(kind="agent", summary=f"cursor says success, but {ending.how(end)}", text=text)
    return AgentResult(kind=COMPLETED, text=text, model=_model(events))


def _unfinished(events: Sequence[Event], end: AgentEnd, now: float) -> AgentResult:
    said = _after_json(end.output)
    if events and said and end.reason == EXITED and end.code:
        return ending.failed(_fault(said, now), said, {})
    found = ending.without_result(NAME, end, began=bool(events), now=now)
    return found if found.kind != "limit" else ending.failed(_fault(end.output, now), found.summary, {})


def _after_json(output: str) -> str:
    """Its own words: what tools print is inside of the JSON."""
    lines: list[str] = []
    for line in output.split("\n"):
        lines = [] if line.startswith("{") else [*lines, line]
    return "\n".join(lines).strip()


def _fault(message: str, now: float) -> Fault:
    found = fault.of(message, now=now)
    ends = _CYCLE_ENDS.search(message) if found.kind == "limit" else None
    if ends is None:
        return found
    try:
        day = datetime(int(ends[3]), int(ends[1]), int(ends[2]), tzinfo=UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        return found
    return Fault("limit", day.timestamp())


def _model(events: Sequence[Event]) -> str | None:
    first = next((one for one in events if one.get("subtype") == "init"), None)
    return json_lines.text(first, "model") or None
