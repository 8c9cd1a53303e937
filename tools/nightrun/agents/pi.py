"""pi: `pi -p --mode json`, whose last message says how it ended; its exit code is always 0 (agents.md sections 2, 3).

Measured with 0.73.1. It commits nothing by itself and leaves nothing in the repository. It tries again three times.
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

NAME = "pi"
PROGRAM = "pi"
TRIED = (0, 73, 1)  # the version that its results were read from
TELLS = ("cost_usd", "input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(folders=(".pi",), settings=(".pi/agent/settings.json", ".pi/agent/extensions"))
ENV = {"PI_OFFLINE": "1", "PI_SKIP_VERSION_CHECK": "1", "PI_TELEMETRY": "0"}
KEYS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_OAUTH_TOKEN",
    "OPENAI_API_KEY",
    "GEMINI_API_KEY",
    "OPENROUTER_API_KEY",
    "DEEPSEEK_API_KEY",
    "PI_CODING_AGENT_DIR",
    *NETWORK,
)
_COMMAND = (PROGRAM, "-p", "--mode", "json", "--no-session")
_ENDS = ("agent_end", "auto_retry_start", "auto_retry_end", "turn_start")
_MESSAGE = '{"role":"assistant",'


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
    last = json_lines.last(events, *_ENDS)
    if last is not None and last["type"].startswith("auto_retry") and last.get("success") is not True:
        said = json_lines.text(last, "finalError") or json_lines.text(last, "errorMessage") or "it gave no reason"
        return ending.failed(fault.of(said, now=now), said, {})
    whole = last if last is not None and last["type"] == "agent_end" else None
    message = _last_message(_messages(whole)) or (_of_cut_line(end.output) if last is None else None)
    if message is None:
        began = any(one.get("type") != "session" for one in events)
        return ending.without_result(NAME, end, began=began, now=now)
    return _of_message(message, _usage(_messages(whole)), end, now)


def _of_message(message: Event, usage: dict[str, Any], end: AgentEnd, now: float) -> AgentResult:
    text, model, why = _text(message), json_lines.text(message, "model") or None, message.get("stopReason")
    if why == "error":
        said = json_lines.text(message, "errorMessage") or "it gave no reason"
        return ending.failed(fault.of(said, now=now), said, usage, text=text, model=model)
    wrong = "" if why == "stop" else f"pi ended with stop reason {why}"
    if not wrong and end.reason == EXITED and end.code != 0:
        wrong = f"pi says that it is done, but {ending.how(end)}"
    return AgentResult(
        kind="agent" if wrong else COMPLETED, summary=ending.one_line(wrong), text=text, usage=usage, model=model
    )


def _messages(event: Event | None) -> list[Event]:
    """Of the whole run: its last line repeats all of them."""
    found = event.get("messages") if event is not None else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _last_message(messages: Sequence[Event]) -> Event | None:
    return next((one for one in reversed(messages) if one.get("role") == "assistant"), None)


def _of_cut_line(output: str) -> Event | None:
    """The last message of a last line that is too long to be kept whole.

    A quotation mark inside of a JSON string is escaped, so no text in it looks like the beginning of a message.
    """
    line = output.rstrip().rpartition("\n")[2]
    at = line.rfind(_MESSAGE)
    if at < 0 or not line.endswith("}]}"):
        return None
    return next(iter(json_lines.events(line[at:-2])), None)


def _text(message: Event) -> str:
    parts = message.get("content")
    texts = [one for one in parts if isinstance(one, dict)] if isinstance(parts, list) else []
    return "".join(json_lines.text(one, "text") for one in texts if one.get("type") == "text")


def _usage(messages: Sequence[Event]) -> dict[str, Any]:
    """Each message tells its own. Cost is zero for models whose prices it does not know."""
    told = [json_lines.part(one, "usage") for one in messages if one.get("role") == "assistant"]
    if not any(json_lines.total(one, "totalTokens") for one in told):
        return {}
    cost = sum(json_lines.number(json_lines.part(one, "cost"), "total") or 0.0 for one in told)
    cached = sum(json_lines.total(one, "cacheRead") or 0 for one in told)
    return json_lines.known(
        input_tokens=sum(json_lines.total(one, "input", "cacheWrite") or 0 for one in told) + cached,
        cached_input_tokens=cached,
        output_tokens=sum(json_lines.total(one, "output") or 0 for one in told),
        cost_usd=cost or None,
        turns=len(told),
    )
