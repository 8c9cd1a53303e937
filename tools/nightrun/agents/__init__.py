"""Agents: how each is started and how its own result is read; one file per agent, pure.

Each has NAME, PROGRAM (None: nothing is needed), TRIED (the version it was tried with), ENV (its switches), KEYS (the
person's variables it may get), and `argv(run)`, `stdin(run)`, `file_text(run)`, `read(end, now=...)`,
`cannot(direction)`; and LEAVES where it writes files of its own, TELLS where it says what it used, OWN for what it
keeps in the home folder, VERSION_FLAG where it has no `--version`. `read` says COMPLETED only when the agent's own
result does, however the process ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from nightrun.agents import (
    aider,
    claude,
    cline,
    codex,
    command,
    copilot,
    cursor,
    gemini,
    goose,
    mini,
    opencode,
    pi,
    qwen,
    script,
)
from nightrun.words.sandbox import Own

# In the order in which `auto` looks for them: those whose own results say most come first, those not run come last.
_ALL = (claude, codex, opencode, gemini, qwen, copilot, cline, pi, mini, aider, goose, cursor)
PRESETS: tuple[str, ...] = tuple(one.NAME for one in _ALL)

BY_NAME: Mapping[str, ModuleType] = {one.NAME: one for one in (script, command, *_ALL)}


def leaves(kind: ModuleType) -> tuple[str, ...]:
    """Patterns of what this agent writes into a work tree for itself; never part of a change."""
    return tuple(getattr(kind, "LEAVES", ()))


def tells(kind: ModuleType) -> tuple[str, ...]:
    """What of `words.usage.NAMES` this agent's result has, as a rule."""
    return tuple(getattr(kind, "TELLS", ()))


def own(kind: ModuleType) -> Own:
    """What it keeps in the home folder, and needs in a sandbox; nothing for a program of the person's own."""
    found: Own = getattr(kind, "OWN", Own())
    return found


def version_flag(kind: ModuleType) -> str:
    """Where its version stands in the first line of what it prints."""
    return str(getattr(kind, "VERSION_FLAG", "--version"))
