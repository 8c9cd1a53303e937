"""Agents: how each is started and how its own result is read; one file per agent, pure.

Each has NAME, PROGRAM (None: nothing is needed), TRIED (the version it was tried with), ENV (its switches), KEYS (the
person's variables it may get), and `argv(run)`, `stdin(run)`, `file_text(run)`, `read(end, now=...)`,
`cannot(direction)`. `read` says COMPLETED only when the agent's own result does, however the process ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from nightrun.agents import claude, codex, command, opencode, script

__all__ = ["BY_NAME", "PRESETS", "claude", "codex", "command", "opencode", "script"]

BY_NAME: Mapping[str, ModuleType] = {one.NAME: one for one in (script, command, claude, codex, opencode)}

# In the order in which `auto` looks for them.
PRESETS = (claude.NAME, codex.NAME, opencode.NAME)
