"""The embedded agent: runs the first fenced `sh` block of the direction in the worktree; no model is needed.

The block stops at the first command that fails (`sh -e`). Exit code 0 is a verdict, too: PASS, for a test or a review
that is a script, unless the last line that it prints is `VERDICT: FAIL`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nightrun.agents import ending
from nightrun.decisions import verdict
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED

NAME = "script"
PROGRAM: str | None = None
TRIED: tuple[int, ...] = ()
ENV: dict[str, str] = {}
KEYS: tuple[str, ...] = ()

_LANGUAGES = ("sh", "shell", "bash")
# A fence may be indented, inside of a list for one; it ends with as many of its characters or more (CommonMark 4.5).
_OPENS = re.compile(r"(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)")


@dataclass(frozen=True)
class _Block:
    language: str
    text: str


def argv(run: AgentRun) -> tuple[str, ...]:
    """The block is a file: as an argument it could be too long, and on standard input it would read itself."""
    block = _block(run.direction)
    shell = ("/usr/bin/env", "bash") if block is not None and block.language == "bash" else ("/bin/sh",)
    return (*shell, "-e", run.prompt_file, *run.args)


def stdin(run: AgentRun) -> bytes | None:
    return None


def file_text(run: AgentRun) -> str:
    block = _block(run.direction)
    return block.text if block is not None else "echo 'the direction has no fenced sh block' >&2; exit 78\n"


def cannot(direction: str) -> str | None:
    return None if _block(direction) is not None else "script runs a fenced sh block, and the direction has none"


def read(end: AgentEnd, *, now: float) -> AgentResult:
    done = end.reason == EXITED and end.code == 0
    summary = "" if done else ending.one_line(f"the script failed ({ending.how(end)}): {ending.last_line(end.output)}")
    return AgentResult(
        kind=COMPLETED if done else "agent",
        summary=summary,
        text=end.output,
        verdict=(verdict.read(end.output) or verdict.PASS) if done else None,
    )


def _block(direction: str) -> _Block | None:
    """The first one that is closed and whose language is a shell's."""
    lines = direction.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines):
        opens = _OPENS.fullmatch(lines[at])
        if opens is None or (opens["fence"][0] == "`" and "`" in opens["info"]):
            at += 1
            continue
        end = _closing(lines, at + 1, opens["fence"])
        language = (opens["info"].split() or [""])[0].lower()
        if end is not None and language in _LANGUAGES:
            body = [_outdented(one, len(opens["indent"])) for one in lines[at + 1 : end]]
            return _Block(language, "\n".join(body) + "\n")
        at = (end if end is not None else at) + 1
    return None


def _closing(lines: list[str], start: int, fence: str) -> int | None:
    closes = re.compile(rf"[ \t]*{re.escape(fence[0])}{{{len(fence)},}}[ \t]*")
    return next((at for at in range(start, len(lines)) if closes.fullmatch(lines[at])), None)


def _outdented(line: str, width: int) -> str:
    """Without the indent of its fence, as far as it has it: what is left may be a here-document."""
    indent = len(line) - len(line.lstrip(" \t"))
    return line[min(indent, width) :]
