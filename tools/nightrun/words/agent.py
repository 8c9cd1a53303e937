"""An agent as the policy has it, what it is started with, how it ended, and what its own result says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BY_ARGUMENT = "argument"
BY_STDIN = "stdin"
BY_FILE = "file"
CHANNELS = (BY_ARGUMENT, BY_STDIN, BY_FILE)

EXITED = "exit"
TIMED_OUT = "timeout"
WAS_SILENT = "silent"
WAS_STOPPED = "stopped"
TOOK_MEMORY = "memory"
TOOK_PROCESSES = "processes"


@dataclass(frozen=True, kw_only=True)
class AgentSpec:
    """An agent of this repository: a built-in kind and what the policy changes of it."""

    name: str
    kind: str  # module in agents/: script, command or a preset
    program: str | None  # looked for on PATH; None: nothing is needed
    command: tuple[str, ...] | None = None  # replaces the kind's own command line
    channel: str | None = None  # BY_ARGUMENT, BY_STDIN, BY_FILE; None: the kind's own
    args: tuple[str, ...] = ()
    model: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)  # the kind's switches included
    pass_env: tuple[str, ...] = ()  # names of the person's variables it may get; the kind's keys included


@dataclass(frozen=True, kw_only=True)
class AgentRun:
    """What an agent is started with."""

    prompt: str
    direction: str
    worktree: str
    prompt_file: str  # holds what the kind's `file_text` says, UTF-8
    model: str | None = None
    args: tuple[str, ...] = ()
    command: tuple[str, ...] | None = None
    channel: str | None = None

    @property
    def result_file(self) -> str:
        """Where a program that writes its result to a file is told to write it."""
        return f"{self.prompt_file}.result"


@dataclass(frozen=True, kw_only=True)
class AgentEnd:
    """How the process of an agent ended."""

    code: int | None  # None: it was ended, or never started
    reason: str  # EXITED, TIMED_OUT, WAS_SILENT, WAS_STOPPED, TOOK_MEMORY, TOOK_PROCESSES
    output: str  # the last part of stdout and stderr; its first line may be cut
    seconds: float
    result: str = ""  # what is in `AgentRun.result_file`, its first part where it is long


@dataclass(frozen=True, kw_only=True)
class AgentResult:
    """What an agent's own result says; the runner still decides by gate and change."""

    kind: str  # outcome.COMPLETED or one of outcome.ERROR_CLASSES
    summary: str = ""  # one line
    text: str = ""  # its final message
    usage: Mapping[str, Any] = field(default_factory=dict)  # input_tokens, output_tokens, cost_usd, turns
    resets_at: float | None = None  # when a limit ends, seconds since the epoch
    model: str | None = None
    verdict: str | None = None  # PASS or FAIL, where its result has one; else the runner reads `text`
