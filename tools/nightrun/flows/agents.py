"""Which agents work on this machine, and a trial of one of them on a scratch repository."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nightrun import agents
from nightrun.decisions import agent_choice, child_env, judging, page, pausing
from nightrun.decisions import sandbox as walls
from nightrun.hands import clock, git, own_api, policy_file, process, programs, sandbox, tail
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words.agent import AgentEnd, AgentResult, AgentRun, AgentSpec
from nightrun.words.errors import NightrunError, WrongUse
from nightrun.words.outcome import COMPLETED, NO_CHANGE
from nightrun.words.sandbox import AGENT, Rules

TRIAL_FILE = "nightrun-check.txt"
TRIAL = f"""\
Create the file {TRIAL_FILE} in the current folder; its content is the one word: works. Do nothing else.

```sh
echo works > {TRIAL_FILE}
```
"""
PLACE = "repository"
TRIAL_S = 300.0
OUTPUT_CHARS = 4_000
RESULT_BYTES = 8 << 20
NIGHTRUN = "nightrun"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One agent on this machine. `problem` is what keeps it from working, `note` what one should know."""

    name: str
    kind: str
    program: str | None  # where it was found; None: not found, or none is needed
    is_available: bool
    version: str = ""
    problem: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Look:
    agents: tuple[Seen, ...]
    auto: str | None  # who `auto` is
    task_types: Mapping[str, str | None]  # who takes each type now; None: nobody
    intake: str = ""  # why no new tasks are taken


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What came of a trivial task."""

    agent: str
    outcome: str
    summary: str
    seconds: float
    text: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    model: str | None = None
    output: str = ""
    resumed: tuple[str, ...] = ()  # reasons of nightrun's own pauses that ended because it passed


def look(root: Path, *, versions: bool = True) -> Look:
    """By the policy of the project, or the built-in agents where it has none."""
    policy = _policy(root)
    paused = _paused(root)
    seen = tuple(
        _with_pause(_seen(spec, root, versions=versions), paused) for spec in agent_choice.specs(policy).values()
    )
    here = [one.name for one in seen if one.is_available]
    auto = agent_choice.candidates(None, (agent_choice.AUTO,), here)
    takes = {
        name: next(iter(agent_choice.candidates(None, settings.agents, here)), None)
        for name, settings in policy.task_types.items()
    }
    return Look(intake=paused.get(pausing.INTAKE, ""), agents=seen, auto=next(iter(auto), None), task_types=takes)


def _paused(root: Path) -> dict[str, str]:
    """Agent -> why it is paused now and how that ends, as far as somebody answers; `intake` -> the same of all."""
    if not StateDir(root).db.exists():
        return {}
    try:
        with own_api.answering(root, lambda: None) as client:
            pauses = client.pauses()
    except NightrunError:
        return {}
    return {one["scope"].removeprefix("agent:"): page.paused(one, clock.now()) for one in pauses}


def _with_pause(seen: Seen, paused: Mapping[str, str]) -> Seen:
    why = paused.get(seen.name) if seen.name != pausing.INTAKE else None
    return seen if why is None else replace(seen, problem="; ".join(one for one in (seen.problem, why) if one))


def check(root: Path, name: str) -> Trial:
    """Run one trivial task with the agent, in a repository that is thrown away.

    One that passes ends what nightrun paused because this agent did not work; a person's own pause stays.
    """
    trial = _tried(_spec(root, name), walls.rules(_policy(root).workspace))
    return trial if trial.outcome != COMPLETED else replace(trial, resumed=_resume(root, name))


def _tried(spec: AgentSpec, rules: Rules) -> Trial:
    with tempfile.TemporaryDirectory(prefix="nightrun-check-") as folder:
        place = Path(folder) / PLACE
        place.mkdir()
        git.run(place, "init", "-q")
        return _try(spec, place, Path(folder), rules)


def _resume(root: Path, name: str) -> tuple[str, ...]:
    """Nothing where nothing ever ran."""
    if not StateDir(root).db.exists():
        return ()
    with own_api.answering(root, lambda: None) as client:
        own = [one for one in client.pauses() if one["by"] == NIGHTRUN and pausing.is_about(one, name)]
        for one in own:
            client.resume(one["scope"], by=NIGHTRUN)
    return tuple(str(one["reason"]) for one in own)


def _spec(root: Path, name: str) -> AgentSpec:
    specs = agent_choice.specs(_policy(root))
    if name not in specs:
        known = ", ".join(specs)
        raise WrongUse(f"There is no agent {name} here.", f"Known are {known}; others are defined in pipeline.yaml.")
    return specs[name]


def _policy(root: Path) -> Policy:
    return policy_file.load(root) if (root / policy_file.NAME).exists() else Policy()


# -- what is seen


def _seen(spec: AgentSpec, root: Path, *, versions: bool) -> Seen:
    if spec.program is None:
        return Seen(name=spec.name, kind=spec.kind, program=None, is_available=True, note="needs no program of its own")
    found = programs.find(spec.program, os.environ.get("PATH"), below=root)
    if found is None:
        return Seen(
            name=spec.name,
            kind=spec.kind,
            program=None,
            is_available=False,
            problem=f"{spec.program} is not on the PATH" if "/" not in spec.program else f"{spec.program} is not there",
        )
    asks = versions and spec.kind in agents.PRESETS
    flag = agents.version_flag(agents.BY_NAME[spec.kind])
    version = programs.version(found, child_env.for_agent(os.environ, spec, {}), flag) if asks else ""
    problem = f"`{spec.program} {flag}` says nothing" if asks and not version else ""
    notes = (_about_root(spec), _about_version(agents.BY_NAME[spec.kind].TRIED, version))
    return Seen(
        name=spec.name,
        kind=spec.kind,
        program=found,
        is_available=True,
        version=version,
        problem=problem,
        note="; ".join(one for one in notes if one),
    )


def _about_version(tried: tuple[int, ...], version: str) -> str:
    found = programs.numbers(version)
    if not found or found >= tried:
        return ""
    return f"older than {'.'.join(map(str, tried))}, which it was tried with"


def _about_root(spec: AgentSpec) -> str:
    """Claude Code refuses to work without asking when root starts it (agents.md section 8)."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if spec.kind != "claude" or not is_root or "IS_SANDBOX" in spec.env or "IS_SANDBOX" in os.environ:
        return ""
    return 'refuses to work as root; if this machine is a sandbox, set IS_SANDBOX: "1" in agents.claude.env'


# -- the trial


def _try(spec: AgentSpec, place: Path, folder: Path, rules: Rules) -> Trial:
    kind = agents.BY_NAME[spec.kind]
    run = _run(spec, place, folder)
    Path(run.prompt_file).write_text(kind.file_text(run), encoding="utf-8")
    (folder / "direction").write_text(TRIAL, encoding="utf-8")
    try:
        ended = _start(spec, kind.argv(run), kind.stdin(run), folder, rules)
    except (process.ProgramMissing, sandbox.NoSandbox) as error:
        return Trial(agent=spec.name, outcome="setup", summary=error.message, seconds=0.0)
    output = ended.tail.decode("utf-8", errors="replace")
    said = tail.beginning(Path(run.result_file), RESULT_BYTES)
    end = AgentEnd(code=ended.code, reason=ended.reason, output=output, seconds=ended.seconds, result=said)
    return _came_to(spec, kind.read(end, now=clock.now()), end, place)


def _run(spec: AgentSpec, place: Path, folder: Path) -> AgentRun:
    return AgentRun(
        prompt=TRIAL,
        direction=TRIAL,
        worktree=str(place),
        prompt_file=str(folder / "prompt"),
        model=spec.model,
        args=spec.args,
        command=spec.command,
        channel=spec.channel,
    )


def _start(spec: AgentSpec, argv: Sequence[str], stdin: bytes | None, folder: Path, rules: Rules) -> process.Ended:
    """As a runner starts it, sandbox included."""
    env = child_env.for_agent(
        os.environ, spec, {"PIPELINE_TASK_TYPE": "impl", "PIPELINE_DIRECTION_FILE": str(folder / "direction")}
    )
    place = sandbox.Place(
        worktree=folder / PLACE,
        root=None,
        room=folder / "room",
        kind=AGENT,
        own=agents.own(agents.BY_NAME[spec.kind]),
        work=(folder,),
        command=spec.command or (),
    )
    with sandbox.entered(rules, place, argv, env) as box:
        ended = process.run_agent(
            argv,
            cwd=folder / PLACE,
            env=env,
            sandbox=box,
            stdin=stdin,
            log=folder / "log",
            timeout_s=TRIAL_S,
            silence_s=None,
            should_stop=lambda: False,
            marker=f"check:{os.getpid()}",
        )
    sandbox.check_end(box, ended)
    return ended


def _came_to(spec: AgentSpec, result: AgentResult, end: AgentEnd, place: Path) -> Trial:
    outcome = judging.of_agent(end, result)
    kind, summary = outcome.kind, outcome.summary
    if kind == COMPLETED and not (place / TRIAL_FILE).is_file():
        kind, summary = NO_CHANGE, summary or f"it said that it is done, but {TRIAL_FILE} is not there"
    return Trial(
        agent=spec.name,
        outcome=kind,
        summary=summary,
        seconds=round(end.seconds, 1),
        text=result.text.strip(),
        usage=dict(result.usage),
        model=result.model,
        output="" if kind == COMPLETED else end.output[-OUTPUT_CHARS:],
    )
