"""What a policy can get wrong although each of its values is right: pure, one function for one rule."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nightrun import agents
from nightrun.decisions import heal, notifying
from nightrun.policy import complaints
from nightrun.policy.keys import Path
from nightrun.policy.model import AgentSettings, Policy
from nightrun.policy.monitor import CONDITIONS

PRESETS = tuple(agents.BY_NAME)
PLACEHOLDERS = ("prompt", "prompt_file", "worktree")
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")

Found = Iterator[tuple[Path, str]]


def problems(policy: Policy) -> Found:
    """Every rule that the policy breaks, as path and sentence."""
    for rule in (
        _gates,
        _heal_commits,
        _next_ends,
        _agents_known,
        _agents,
        _isolation,
        _exchange,
        _chain,
        _files,
        _heals,
        _report,
    ):
        yield from rule(policy)


def _gates(policy: Policy) -> Found:
    for name, settings in policy.task_types.items():
        if settings.commit and settings.gate is None and name != "heal":
            yield (
                ("task_types", name, "gate"),
                f"is not set, but {name} commits; write the commands that check the work, such as [make test], "
                "or [] to say that nothing checks it on purpose",
            )


def _heal_commits(policy: Policy) -> Found:
    if policy.task_types.heal.commit:
        yield (
            ("task_types", "heal", "commit"),
            "must be false: a heal leaves its change on its branch; let a condition ask for task_type: impl "
            "where the repair should be committed",
        )


def _next_ends(policy: Policy) -> Found:
    reported: set[str] = set()
    for name, _ in policy.task_types.items():
        way = [name]
        while (following := policy.task_types[way[-1]].next) is not None and following not in way:
            way.append(following)
        if following is not None and following not in reported:
            circle = way[way.index(following) :]
            reported.update(circle)
            yield (
                ("task_types", circle[-1], "next"),
                f"never ends: {' -> '.join([*circle, following])}; set one of them to null",
            )


def _agents_known(policy: Policy) -> Found:
    known = {"auto", *PRESETS, *policy.agents}
    for name, settings in policy.task_types.items():
        for agent in settings.agents:
            if agent not in known:
                yield ("task_types", name, "agent"), _unknown_agent(agent, sorted(known))


def _unknown_agent(agent: str, known: list[str]) -> str:
    meant = complaints.closest(agent, known)
    hint = f"did you mean {meant}?" if meant else f"known are {', '.join(known)}; others are defined below `agents`"
    return f"there is no agent {complaints.shown(agent)}; {hint}"


def _agents(policy: Policy) -> Found:
    for name, settings in policy.agents.items():
        path = ("agents", name)
        if settings.preset is not None and settings.preset not in PRESETS:
            yield (*path, "preset"), _unknown_preset(settings.preset)
        elif settings.preset is None and settings.command is None and name not in PRESETS:
            yield (*path, "command"), f"is not set, and there is no built-in agent {name}; write what to run"
        yield from _placeholders(path, settings)


def _unknown_preset(preset: str) -> str:
    meant = complaints.closest(preset, PRESETS)
    return f"must be {' or '.join(PRESETS)}" + (f"; did you mean {meant}?" if meant else "")


def _placeholders(path: Path, settings: AgentSettings) -> Found:
    for word in _PLACEHOLDER.findall(" ".join(settings.command or ())):
        meant = complaints.closest(word, PLACEHOLDERS)
        if (
            word not in PLACEHOLDERS
            and meant is not None
            and abs(len(meant) - len(word)) <= 2
            and word[:2] == meant[:2]
        ):
            yield (*path, "command"), f"has {{{word}}} in it; did you mean {{{meant}}}?"


def _isolation(policy: Policy) -> Found:
    if policy.project.isolation == "root" and policy.project.runners > 1:
        yield ("project", "runners"), "must be 1 with isolation: root, where the one runner works in your checkout"


def _exchange(policy: Policy) -> Found:
    if policy.project.exchange is not None and policy.project.exchange == policy.push.remote:
        yield (
            ("project", "exchange"),
            f"is the remote that finished work is pushed to ({policy.push.remote}); "
            "unfinished attempts need a remote of their own",
        )


def _chain(policy: Policy) -> Found:
    chain = policy.backlog.chain
    twice = sorted({name for name in chain if chain.count(name) > 1})
    if twice:
        yield ("backlog", "chain"), f"has {', '.join(twice)} in it twice; an item goes through each type once"


def _files(policy: Policy) -> Found:
    if policy.backlog.meta in policy.backlog.files:
        yield ("backlog", "meta"), "is one of `files` too; its items would be worked on twice"


def _heals(policy: Policy) -> Found:
    for name in CONDITIONS:
        settings = policy.monitor.condition(name)
        if settings.heal and name in heal.SUPERVISED:
            yield (
                ("monitor", name, "heal"),
                "must be false: the supervisor repairs this; a task would wait for what is broken",
            )
        elif settings.on and settings.heal and not settings.direction.strip():
            yield ("monitor", name, "direction"), "is empty, but heal is true; write what the heal task should do"


def _report(policy: Policy) -> Found:
    settings = policy.notify
    if settings.quiet and settings.report_at and notifying.is_within(settings.quiet, settings.report_at):
        yield ("notify", "report_at"), f"lies within the quiet hours ({settings.quiet}); it would never be sent"
