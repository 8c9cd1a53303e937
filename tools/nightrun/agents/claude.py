"""Claude Code: `claude -p`, its result is the last line of a JSON stream (agents.md sections 2, 3, 6 and 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.json_lines import Event
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "claude"
PROGRAM = "claude"
TRIED = (2, 1, 330)  # the version that its results were read from
TELLS = ("cost_usd", "input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(
    folders=(".claude",),
    files=(".claude.json",),
    settings=(
        ".claude/settings.json",
        ".claude/CLAUDE.md",
        ".claude/commands",
        ".claude/agents",
        ".claude/hooks",
        ".claude/plugins",
        ".claude/skills",
    ),
)
ENV = {
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_MAX_RETRIES": "4",  # its own ten take three minutes, and the queue tries again anyway
}
KEYS = (
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_AUTH_TOKEN",
    "ANTHROPIC_BASE_URL",
    "ANTHROPIC_MODEL",
    "CLAUDE_CODE_OAUTH_TOKEN",
    "CLAUDE_CONFIG_DIR",
    "IS_SANDBOX",
    *NETWORK,
)
# It prints nothing before its end unless it streams, and streams only with --verbose.
_COMMAND = (
    *(PROGRAM, "-p", "--output-format", "stream-json", "--verbose"),
    *("--permission-mode", "bypassPermissions"),
)
# Its own limits, set with `args`.
_OWN_LIMITS = {
    "error_max_turns": "it reached its limit of turns",
    "error_max_budget_usd": "it reached its limit of cost",
}


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
    """`subtype` says success together with `is_error`, and exit code 0 is no success: `is_error` decides."""
    events = json_lines.events(end.output)
    result = json_lines.last(events, "result")
    if result is None or not _is_the_end(events, result, end):
        return _unfinished(events, end, now)
    usage, model = _usage(result), _model(result)
    said = json_lines.text(result, "result")
    if result.get("is_error") is not False:
        return _failed(result, said, usage, model, now)
    if end.reason == EXITED and end.code != 0:
        summary = f"claude says success, but {ending.how(end)}"
        return AgentResult(kind="agent", summary=summary, text=said, usage=usage, model=model)
    return AgentResult(kind=COMPLETED, summary=_denials(result), text=said, usage=usage, model=model)


def _is_the_end(events: Sequence[Event], result: Event, end: AgentEnd) -> bool:
    """A result that more work follows is that of an earlier turn."""
    later = events[max(at for at, one in enumerate(events) if one is result) + 1 :]
    return end.reason == EXITED or not any(one.get("type") in ("assistant", "user") for one in later)


def _unfinished(events: Sequence[Event], end: AgentEnd, now: float) -> AgentResult:
    notice = events[-1] if events else None
    if notice is not None and notice.get("subtype") == "api_retry":
        status = json_lines.number(notice, "error_status")
        said = json_lines.text(notice, "error")
        found = fault.of(said or "connection error", status=int(status) if status else None, now=now)
        return ending.failed(found, f"claude was still trying to reach its provider: {said or status}", {})
    if not events and "root/sudo" in end.output:
        # `--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons`
        summary = 'claude does not skip permissions as root: set IS_SANDBOX: "1" in agents.claude.env if this is one'
        return AgentResult(kind="setup", summary=summary)
    return ending.without_result(NAME, end, began=bool(events), now=now)


def _failed(result: Event, said: str, usage: dict[str, Any], model: str | None, now: float) -> AgentResult:
    subtype, reason = json_lines.text(result, "subtype"), json_lines.text(result, "terminal_reason")
    errors = result.get("errors")
    listed = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
    message = said or listed or _OWN_LIMITS.get(subtype) or subtype or "it gave no reason"
    status = json_lines.number(result, "api_error_status")
    if subtype in _OWN_LIMITS or (status is None and (subtype != "success" or reason.startswith("aborted"))):
        summary = ending.one_line(_OWN_LIMITS.get(subtype) or f"{reason or subtype}: {message}")
        return AgentResult(kind="agent", summary=summary, text=said, usage=usage, model=model)
    code = " ".join(json_lines.text(result, name) for name in ("api_error", "api_error_type"))
    found = fault.of(f"{message} {code}".strip(), status=int(status) if status else None, now=now)
    return ending.failed(found, message, usage, text=said, model=model)


def _denials(result: Event) -> str:
    denied = result.get("permission_denials")
    if not isinstance(denied, list) or not denied:
        return ""
    tools = sorted({json_lines.text(one, "tool_name") or "a tool" for one in denied if isinstance(one, dict)})
    return ending.one_line(f"permission was denied {len(denied)} times: {', '.join(tools)}")


def _usage(result: Event) -> dict[str, Any]:
    usage = json_lines.part(result, "usage")
    cached = json_lines.total(usage, "cache_read_input_tokens")
    read_tokens = json_lines.total(usage, "input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return json_lines.known(
        input_tokens=read_tokens,
        cached_input_tokens=cached,
        output_tokens=json_lines.total(usage, "output_tokens"),
        cost_usd=json_lines.number(result, "total_cost_usd"),
        turns=json_lines.total(result, "num_turns"),
    )


def _model(result: Event) -> str | None:
    """The one that cost most: small ones help it with names and summaries."""
    models = json_lines.part(result, "modelUsage")
    return max(
        models, key=lambda name: json_lines.number(json_lines.part(models, name), "costUSD") or 0.0, default=None
    )
