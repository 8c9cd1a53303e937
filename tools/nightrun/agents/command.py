"""Any program: the command of the policy, without a shell; its exit code and its last line say what happened.

Exit codes: 0 done, 75 try again later (class `limit`), 78 not set up, a person must look (class `setup`), else `agent`.

The last line that it prints may be its result: `{"nightrun": {"summary", "verdict", "error_class", "resets_at"}}`, each
of them optional, `resets_at` in seconds since the epoch. Only the very last line counts, so that a file of the project
that is shown on the way cannot speak for the program.

The prompt goes where the policy says, else into the place of `{prompt}`, else to standard input. One that is longer
than an argument may be (120 KiB) goes to standard input, and the argument names the file that holds it: nothing is cut.
"""

from __future__ import annotations

from typing import Any

from nightrun.agents import command_line, ending, json_lines
from nightrun.agents.json_lines import Event
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED, ERROR_CLASSES

NAME = "command"
PROGRAM: str | None = None  # the first word of the command
TRIED: tuple[int, ...] = ()
ENV: dict[str, str] = {}
KEYS: tuple[str, ...] = ()

# sysexits(3): EX_TEMPFAIL and EX_CONFIG
_EXIT_CODES = {0: COMPLETED, 75: "limit", 78: "setup"}
_USAGE = ("input_tokens", "output_tokens", "cost_usd", "turns")
# What only the runner can know.
_NOT_ITS_OWN = ("gate", "scan", "timeout", "silent", "resources", "conflict", "no_change", "interrupted")


def argv(run: AgentRun) -> tuple[str, ...]:
    return command_line.argv(run, run.command or ())


def stdin(run: AgentRun) -> bytes | None:
    return command_line.stdin(run, run.command or ())


def file_text(run: AgentRun) -> str:
    return run.prompt


def cannot(direction: str) -> str | None:
    return None


def read(end: AgentEnd, *, now: float) -> AgentResult:
    said, text = _own_result(end.output)
    kind = _EXIT_CODES.get(end.code, "agent") if end.reason == EXITED and end.code is not None else "agent"
    named = json_lines.text(said, "error_class")
    if named:
        kind = named if named in ERROR_CLASSES and named not in _NOT_ITS_OWN else "agent"
    resets_at = json_lines.number(said, "resets_at")
    return AgentResult(
        kind=kind,
        summary=ending.one_line(json_lines.text(said, "summary")) or _summary(kind, end, text),
        text=text,
        usage=_usage(said),
        resets_at=resets_at if kind == "limit" and resets_at is not None and resets_at > 0 else None,
        verdict=_verdict(said),
    )


def _own_result(output: str) -> tuple[Event, str]:
    """The result of the last line, and what stands before it."""
    before, _, last = output.rstrip().rpartition("\n")
    found = json_lines.events(last)
    if found and isinstance(found[0].get("nightrun"), dict):
        return json_lines.part(found[0], "nightrun"), before
    return {}, output


def _summary(kind: str, end: AgentEnd, text: str) -> str:
    return "" if kind == COMPLETED else ending.one_line(f"{ending.how(end)}: {ending.last_line(text)}")


def _verdict(said: Event) -> str | None:
    value = json_lines.text(said, "verdict")
    return value if value in ("PASS", "FAIL") else None


def _usage(said: Event) -> dict[str, Any]:
    usage = json_lines.part(said, "usage")
    return json_lines.known(**{name: json_lines.number(usage, name) for name in _USAGE})
