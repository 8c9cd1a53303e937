"""aider: plain text, and exit code 0 whatever happened (agents.md sections 2, 3, 6, 7 and 9).

Measured with 0.86.2. By default it commits each edit and all that was not committed before; the flags below keep it
from both. It leaves new files staged but empty, which the snapshot of the work tree puts right, and its cache
`.aider.tags.cache.v4`, which LEAVES keeps out of changes. A reply ends with a line that counts its tokens: without one
after the last error nothing was answered. What a reply says before that line is never read as an error. It tries again
for a minute; it looks for a list of prices on the network once a day and works without it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from nightrun.agents import command_line, ending, fault, json_lines
from nightrun.agents.surroundings import NETWORK
from nightrun.words.agent import EXITED, AgentEnd, AgentResult, AgentRun
from nightrun.words.outcome import COMPLETED
from nightrun.words.sandbox import Own

NAME = "aider"
PROGRAM = "aider"
TRIED = (0, 86, 2)  # the version that its results were read from
TELLS = ("cost_usd", "input_tokens", "output_tokens")  # of what it used; not always
OWN = Own(folders=(".aider",), files=(".aider.conf.yml", ".aider.model.settings.yml", ".aider.model.metadata.json"))
ENV = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "AIDER_CHECK_UPDATE": "false"}
KEYS = (
    "OPENAI_API_KEY",
    "OPENAI_API_BASE",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "OPENROUTER_API_KEY",
    "DEEPSEEK_API_KEY",
    "AIDER_MODEL",
    *NETWORK,
)
LEAVES = (".aider.tags.cache.v*/",)  # in the work tree, as git's ignore files write it
_COMMAND = (
    *(PROGRAM, "--yes-always", "--no-pretty", "--no-stream"),
    *("--no-auto-commits", "--no-dirty-commits", "--no-gitignore"),
    *("--no-check-update", "--no-show-release-notes", "--no-show-model-warnings", "--analytics-disable"),
    # With --yes-always it would fetch every address in the prompt, and install a browser for that.
    *("--no-detect-urls", "--disable-playwright"),
    *("--chat-history-file", "/dev/null", "--input-history-file", "/dev/null"),
)
# `Tokens: 1.2k sent, 3k cache hit, 14 received. Cost: $0.00062 message, $0.0012 session.`, wrapped at 80 columns
_TOKENS = re.compile(
    r"^Tokens: (?P<sent>[\d.,]+[kM]?)\s+sent,(?:[\s\d.,kM]+cache\s+(?:write|hit),)*\s+(?P<received>[\d.,]+[kM]?)\s+"
    r"received\.(?:\s+Cost:\s+\$(?P<message>[\d.]+)\s+message,\s+\$(?P<session>[\d.]+)\s+session\.)?",
    re.MULTILINE,
)
_ERROR = re.compile(r"^litellm\.\w+: ", re.MULTILINE)
_RETRYING = re.compile(r"^Retrying in [\d.]+ seconds\.\.\.$", re.MULTILINE)
_BANNER = re.compile(r"^Aider v[\d.]+", re.MULTILINE)
_SCALES = {"k": 1_000.0, "M": 1_000_000.0}


def argv(run: AgentRun) -> tuple[str, ...]:
    if run.command is not None:
        return command_line.argv(run, run.command)
    model = ("--model", run.model) if run.model else ()
    return (*_COMMAND, *model, *run.args, "--message-file", run.prompt_file)


def stdin(run: AgentRun) -> bytes | None:
    return command_line.stdin(run, run.command) if run.command is not None else None


def file_text(run: AgentRun) -> str:
    return run.prompt


def cannot(direction: str) -> str | None:
    return None


def read(end: AgentEnd, *, now: float) -> AgentResult:
    replies = list(_TOKENS.finditer(end.output))
    after = end.output[replies[-1].end() :] if replies else _BANNER.split(end.output)[-1]
    usage, errors = _usage(replies), list(_ERROR.finditer(after))
    if errors:
        said = _RETRYING.split(after[errors[-1].start() :])[0]
        return ending.failed(fault.of(" ".join(said.split()), now=now), said, usage)
    if not replies:
        began = _BANNER.search(end.output) is not None
        return ending.without_result(NAME, end, began=began, now=now)
    text = _answer(end.output, replies)
    if end.reason == EXITED and end.code != 0:
        return AgentResult(kind="agent", summary=f"aider answered, but {ending.how(end)}", text=text, usage=usage)
    return AgentResult(kind=COMPLETED, text=text, usage=usage)


def _answer(output: str, replies: Sequence[re.Match[str]]) -> str:
    """What stands before the last count of tokens."""
    start = replies[-2].end() if len(replies) > 1 else 0
    text = output[start : replies[-1].start()]
    banner = re.search(r"^Repo-map: .*$", text, re.MULTILINE)
    return (text[banner.end() :] if banner else text).strip()


def _usage(replies: Sequence[re.Match[str]]) -> dict[str, Any]:
    """Rounded to hundreds by aider itself."""
    if not replies:
        return {}
    cost = replies[-1]["session"]
    return json_lines.known(
        input_tokens=sum(_count(one["sent"]) for one in replies),
        output_tokens=sum(_count(one["received"]) for one in replies),
        cost_usd=float(cost) if cost and cost.count(".") <= 1 and cost != "." else None,
        turns=len(replies),
    )


def _count(text: str) -> int:
    scale = _SCALES.get(text[-1], 1.0)
    digits = text.rstrip("kM").replace(",", "")
    return round(float(digits) * scale) if re.fullmatch(r"\d+(?:\.\d+)?", digits) else 0
