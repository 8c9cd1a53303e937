"""Qwen Code: `qwen -o stream-json`, its result is the last line of a JSON stream (agents.md sections 2, 3, 6 and 7).

Measured with 0.24.4, except the texts of its own plans (docs). It commits nothing by itself and leaves nothing in the
repository. Its ten retries of a 429, minutes apart, cannot be bounded: the limits of the task type end them, and then
its last notice says that it was a limit. Versions such as 0.21.9 report a fault of the provider as a success whose
text is the fault, with exit code 0 and no tokens (qwen-code issue 8920).
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

NAME = "qwen"
PROGRAM = "qwen"
TRIED = (0, 24, 4)  # the version that its results were read from
TELLS = ("input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(folders=(".qwen",), settings=(".qwen/settings.json", ".qwen/QWEN.md", ".qwen/extensions"))
ENV = {
    "QWEN_CODE_SUPPRESS_YOLO_WARNING": "1",
    "QWEN_USAGE_STATISTICS_ENABLED": "false",
    "QWEN_CODE_SKIP_UPDATE_CHECK_ONCE": "1",
}
KEYS = (
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_MODEL",
    "DASHSCOPE_API_KEY",
    "BAILIAN_CODING_PLAN_API_KEY",
    *NETWORK,
)
_COMMAND = (PROGRAM, "--yolo", "-o", "stream-json")
_TURN_LIMIT = 53  # exit code
# The whole answer, of a run that is said to be a success.
_ERROR_ANSWER = re.compile(r"\[API Error: .+\]", re.DOTALL)
# Its own line between the JSON; what tools print is inside of the JSON.
_RETRYING = re.compile(r"Retrying in \d+s \(attempt \d+/\d+\): (\[API Error: .*)")


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
    usage, model, text = _usage(result), _model(events), json_lines.text(result, "result")
    if result.get("is_error") is not False:
        return _failed(result, end, usage, model, now)
    if _ERROR_ANSWER.fullmatch(text.strip()):
        # Tokens were used: the agent may have written that itself, and it is no limit and no login.
        found = fault.of(text, now=now) if not usage else Fault("agent")
        return ending.failed(found, text.strip(), usage, model=model)
    if end.reason == EXITED and end.code != 0:
        summary = f"qwen says success, but {ending.how(end)}"
        return AgentResult(kind="agent", summary=summary, text=text, usage=usage, model=model)
    return AgentResult(kind=COMPLETED, summary=_denials(result), text=text, usage=usage, model=model)


def _failed(result: Event, end: AgentEnd, usage: dict[str, Any], model: str | None, now: float) -> AgentResult:
    message = json_lines.text(json_lines.part(result, "error"), "message") or "it gave no reason"
    if json_lines.number(result, "num_turns") == 0:
        return ending.failed(fault.of_start(message, now=now), message, {})
    if end.code == _TURN_LIMIT or not message.startswith("[API Error"):
        return AgentResult(kind="agent", summary=ending.one_line(message), usage=usage, model=model)
    return ending.failed(fault.of(message, now=now), message, usage, model=model)


def _unfinished(events: Sequence[Event], end: AgentEnd, now: float) -> AgentResult:
    if end.code == _TURN_LIMIT:
        return AgentResult(kind="agent", summary="qwen reached its limit of turns")
    waits = events[-1].get("type") == "system" and events[-1].get("subtype") == "retry" if events else False
    notices = [found[1] for line in end.output.split("\n") if (found := _RETRYING.fullmatch(line.strip()))]
    if waits and notices:
        message = f"qwen was still trying to reach its provider: {notices[-1]}"
        return ending.failed(fault.of(notices[-1], now=now), message, {})
    return ending.without_result(NAME, end, began=bool(events), now=now)


def _denials(result: Event) -> str:
    denied = result.get("permission_denials")
    if not isinstance(denied, list) or not denied:
        return ""
    tools = sorted({json_lines.text(one, "tool_name") or "a tool" for one in denied if isinstance(one, dict)})
    return ending.one_line(f"permission was denied {len(denied)} times: {', '.join(tools)}")


def _usage(result: Event) -> dict[str, Any]:
    """Cost is not in it; all zero means that no request was answered."""
    usage = json_lines.part(result, "usage")
    if not json_lines.total(usage, "input_tokens", "output_tokens"):
        return {}
    return json_lines.known(
        input_tokens=json_lines.total(usage, "input_tokens"),
        cached_input_tokens=json_lines.total(usage, "cache_read_input_tokens"),
        output_tokens=json_lines.total(usage, "output_tokens"),
        turns=json_lines.total(result, "num_turns"),
    )


def _model(events: Sequence[Event]) -> str | None:
    said = [
        json_lines.text(json_lines.part(one, "message"), "model") for one in events if one.get("type") == "assistant"
    ]
    return next((one for one in reversed(said) if one), None)
