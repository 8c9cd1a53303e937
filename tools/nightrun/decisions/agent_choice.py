"""Which agents there are by the policy, and which of them takes a task; pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Protocol

from nightrun import agents
from nightrun.agents import command, script
from nightrun.words.agent import AgentSpec

AUTO = "auto"


class Settings(Protocol):
    """What the policy says about one agent."""

    @property
    def preset(self) -> str | None: ...
    @property
    def command(self) -> tuple[str, ...] | None: ...
    @property
    def prompt(self) -> str | None: ...
    @property
    def args(self) -> tuple[str, ...]: ...
    @property
    def model(self) -> str | None: ...
    @property
    def env(self) -> Mapping[str, str]: ...
    @property
    def pass_env(self) -> tuple[str, ...]: ...


class Policy(Protocol):
    @property
    def agents(self) -> Mapping[str, Settings]: ...


@dataclass(frozen=True)
class Waiting:
    """No agent takes the task now. `reason` says why, and what is missing; `paused`: those that might, later."""

    reason: str
    paused: tuple[str, ...] = ()


def specs(policy: Policy) -> dict[str, AgentSpec]:
    """Every agent of the policy by name, built-in ones first; a `command` without a command is none."""
    names = dict.fromkeys((*agents.PRESETS, script.NAME, command.NAME, *policy.agents))
    found = {name: _spec(name, policy.agents.get(name)) for name in names}
    return {name: one for name, one in found.items() if one.kind != command.NAME or one.command}


def available(policy: Policy, is_here: Callable[[str], bool]) -> dict[str, AgentSpec]:
    """The agents whose program is on this machine, by name."""
    return {name: one for name, one in specs(policy).items() if one.program is None or is_here(one.program)}


def candidates(task_agent: str | None, type_agents: Sequence[str], available: Sequence[str]) -> tuple[str, ...]:
    """Those that may do it and are available, in order of preference. What a task asks for wins over its type."""
    wanted = (task_agent,) if task_agent else tuple(type_agents)
    if AUTO in wanted:
        return _auto(available)
    return tuple(name for name in wanted if name in available)


def choose(
    direction: str, names: Sequence[str], paused: Collection[str], *, kinds: Mapping[str, str] | None = None
) -> str | Waiting:
    """The first one that can do such a direction and is not paused. `kinds`: of agents that do not bear its name."""
    reasons, shut = [], []
    for name in names:
        kind = agents.BY_NAME.get((kinds or {}).get(name, name), command)
        cannot = kind.cannot(direction)
        if cannot is None and name not in paused:
            return name
        shut += [name] if cannot is None else []
        reasons.append(str(cannot) if cannot is not None else f"agent {name} is paused")
    if not reasons:
        return Waiting("needs an agent: none that may do it is available here (nightrun agents)")
    is_hopeless = not any(name in paused for name in names)
    said = ("needs another agent: " if is_hopeless else "") + "; ".join(dict.fromkeys(reasons))
    return Waiting(said, tuple(shut))


def _auto(available: Sequence[str]) -> tuple[str, ...]:
    """The first preset that is here, else the embedded agent."""
    found = [name for name in (*agents.PRESETS, script.NAME) if name in available]
    return tuple(found[:1])


def _spec(name: str, settings: Settings | None) -> AgentSpec:
    kind = agents.BY_NAME[_kind(name, settings)]
    if settings is None:
        return AgentSpec(name=name, kind=kind.NAME, program=kind.PROGRAM, env=dict(kind.ENV), pass_env=tuple(kind.KEYS))
    return AgentSpec(
        name=name,
        kind=kind.NAME,
        program=_program(kind, settings.command),
        command=settings.command,
        channel=settings.prompt,
        args=settings.args,
        model=settings.model,
        env={**kind.ENV, **settings.env},
        pass_env=tuple(dict.fromkeys((*kind.KEYS, *settings.pass_env))),
    )


def _kind(name: str, settings: Settings | None) -> str:
    """An agent of a name that is not built in is a program of the person's own."""
    preset = settings.preset if settings is not None else None
    return preset or (name if name in agents.BY_NAME else command.NAME)


def _program(kind: ModuleType, own: tuple[str, ...] | None) -> str | None:
    """None where nothing can be looked for: a place that is known only when the worktree is there."""
    first = own[0] if own else kind.PROGRAM
    return None if first is None or "{" in first else str(first)
