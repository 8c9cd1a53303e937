"""How agents ended, with the output that the real programs print (agents.md sections 3, 6, 7 and 8, shortened)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from nightrun.words.agent import AgentEnd, AgentRun

RECORDED = Path(__file__).parent / "recorded"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()


def at(month: int, day: int, hour: int, minute: int) -> float:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC).timestamp()


def end(output: str, code: int | None = 0, reason: str = "exit") -> AgentEnd:
    return AgentEnd(code=code, reason=reason, output=output, seconds=1.0)


def recorded(agent: str, shape: str, code: int | None = 0, reason: str = "exit") -> AgentEnd:
    found = next((RECORDED / agent).glob(f"{shape}.*"))
    return end(found.read_text(), code, reason)


def run(prompt: str = "Do it.", **more: object) -> AgentRun:
    values = {"direction": prompt, "worktree": "/w", "prompt_file": "/p/prompt", **more}
    return AgentRun(prompt=prompt, **values)  # type: ignore[arg-type]
