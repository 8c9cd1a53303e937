"""mini-swe-agent: `mini --yolo`, its result is in the file of its steps (agents.md sections 2, 3, 6 and 7).

Measured with 2.4.6 (which needs the package `mcp` beside it). It commits nothing by itself and leaves nothing in the
repository. It takes the prompt as an argument only; one that is longer than an argument may be is in a file, which the
argument names. What it prints is prose for people and is not read.
"""

from __future__ import annotations

import json
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "mini"
PROGRAM = "mini"
TRIED = (2, 4, 6)  # the version that its results were read from
OWN = Own(folders=(".config/mini-swe-agent",))
VERSION_FLAG = "--help"  # it knows no --version
TELLS = ("cost_usd",)  # of what it used; not always
ENV = {
    "MSWEA_CONFIGURED": "true",  # else it asks for a model and a key
    "MSWEA_COST_TRACKING": "ignore_errors",  # else it ends at a model whose price it does not know
    "MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT": "4",  # its own ten take five minutes, and the queue tries again anyway
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches a price list at every start
}
KEYS = (
    "OPENAI_API_KEY",
    "OPENAI_API_BASE",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "OPENROUTER_API_KEY",
    "DEEPSEEK_API_KEY",
    "MSWEA_MODEL_NAME",
    "MSWEA_GLOBAL_CONFIG_DIR",
    "XDG_CONFIG_HOME",
    *NETWORK,
)
_COMMAND = (PROGRAM, "--yolo", "--exit-immediately")
_OWN_LIMITS = ("LimitsExceeded", "TimeExceeded")


def argv(run: AgentRun) -> tuple[str, ...]:
    if run.command is not None:
        return command_line.argv(run, run.command)
    model = ("--model", run.model) if run.model else ()
    task = f"--task={command_line.PROMPT_ARGUMENT}"
    return command_line.with_prompt(run, (*_COMMAND, "--output", run.result_file, *model, *run.args, task))


def stdin(run: AgentRun) -> bytes | None:
    return command_line.stdin(run, run.command) if run.command is not None else None


def file_text(run: AgentRun) -> str:
    return run.prompt


def cannot(direction: str) -> str | None:
    return None


def read(end: AgentEnd, *, now: float) -> AgentResult:
    info, message = _steps(end.result)
    status = json_lines.text(info, "exit_status")
    if not status:
        return ending.without_result(NAME, end, began=bool(info), now=now)
    text, usage = json_lines.text(info, "submission") or message, _usage(info)
    if status in _OWN_LIMITS:
        return AgentResult(kind="agent", summary=f"mini reached its own limit ({status})", usage=usage)
    if status != "Submitted":
        said = message or status
        return ending.failed(fault.of(f"{status}: {said}", now=now), said, usage)
    if end.reason == EXITED and end.code != 0:
        return AgentResult(
            kind="agent", summary=f"mini submitted its work, but {ending.how(end)}", text=text, usage=usage
        )
    return AgentResult(kind=COMPLETED, text=text, usage=usage)


def _steps(result: str) -> tuple[Event, str]:
    """Its information, which comes first, and the text of its last step where the file was kept whole."""
    try:
        whole = json.loads(result)
    except (ValueError, RecursionError):
        return _beginning(result), ""
    steps = whole.get("messages") if isinstance(whole, dict) else None
    last = steps[-1] if isinstance(steps, list) and steps and isinstance(steps[-1], dict) else {}
    return json_lines.part(whole if isinstance(whole, dict) else None, "info"), json_lines.text(last, "content")


def _beginning(result: str) -> Event:
    name = '"info":'
    at = result.find("{", result.find(name) + len(name)) if name in result[:100] else -1
    try:
        found = json.JSONDecoder().raw_decode(result, at)[0] if at >= 0 else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _usage(info: Event) -> dict[str, Any]:
    """Tokens are not in it; cost is zero for models whose prices it does not know."""
    stats = json_lines.part(info, "model_stats")
    return json_lines.known(
        cost_usd=json_lines.number(stats, "instance_cost") or None, turns=json_lines.total(stats, "api_calls")
    )
