"""Copilot CLI: `copilot --output-format json`, its result is the last line of a JSON stream (agents.md sections 2, 7).

Measured with 1.0.102 against a provider of one's own; what it says of the limits of a GitHub plan is documented. It
commits nothing by itself and leaves nothing in the repository. GH_TOKEN and GITHUB_TOKEN are not passed on: with them
an agent could push. It tries a failed request five times. Tokens are not in its JSON.
"""

from __future__ import annotations

from collections.abc import Sequence

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "copilot"
PROGRAM = "copilot"
TRIED = (1, 0, 102)  # the version that its results were read from
OWN = Own(folders=(".copilot", ".config/github-copilot"), settings=(".copilot/mcp-config.json",))
ENV = {"COPILOT_AUTO_UPDATE": "false"}
KEYS = (
    "COPILOT_GITHUB_TOKEN",
    "COPILOT_MODEL",
    "COPILOT_HOME",
    "COPILOT_PROVIDER_BASE_URL",
    "COPILOT_PROVIDER_TYPE",
    "COPILOT_PROVIDER_API_KEY",
    "COPILOT_PROVIDER_BEARER_TOKEN",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    *NETWORK,
)
_COMMAND = (PROGRAM, "--allow-all", "--no-ask-user", "--no-auto-update", "--output-format", "json")


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
    text, model = _answer(events)
    if result is None or result is not events[-1]:
        error = events[-1] if events and events[-1].get("type") == "session.error" else None
        return _failed(error, text, now) if error else ending.without_result(NAME, end, began=bool(events), now=now)
    if result.get("exitCode") == 0 and end.reason == EXITED and end.code == 0:
        return AgentResult(kind=COMPLETED, text=text, model=model)
    error = json_lines.last(events, "session.error")
    if error is not None:
        return _failed(error, text, now)
    summary = f"copilot ended with its exit code {result.get('exitCode')} ({ending.how(end)})"
    return AgentResult(kind=_kind(result, end), summary=summary, text=text, model=model)


def _kind(result: Event, end: AgentEnd) -> str:
    """It said that it is done, and then did not exit."""
    return COMPLETED if result.get("exitCode") == 0 and end.reason != EXITED else "agent"


def _failed(error: Event, text: str, now: float) -> AgentResult:
    data = json_lines.part(error, "data")
    message = json_lines.text(data, "message") or "it gave no reason"
    status = json_lines.number(data, "statusCode")
    said = f"{message} {json_lines.text(data, 'errorType')}"
    return ending.failed(fault.of(said, status=int(status) if status else None, now=now), message, {}, text=text)


def _answer(events: Sequence[Event]) -> tuple[str, str | None]:
    told = [json_lines.part(one, "data") for one in events if one.get("type") == "assistant.message"]
    last = next((one for one in reversed(told) if json_lines.text(one, "content")), {})
    return json_lines.text(last, "content"), json_lines.text(last, "model") or None
