"""What is looked at before a run begins: each reason not to begin is a sentence of its own, the rest is only said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nightrun.conditions import monitor_stale
from nightrun.decisions import agent_choice, budget, lines, room
from nightrun.flows import supervisor
from nightrun.flows.supervisor import Pace, Plan
from nightrun.hands import clock, environment, git, git_change, hooks, policy_file, programs, sandbox, state_dir
from nightrun.hands.environment import Environment
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words.errors import NightrunError
from nightrun.words.sandbox import OFF

DEFAULTS = {environment.AUTO_COMMIT: "1", environment.AUTO_FIX: "1"}


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the person asked for on the command line; None is what the policy says."""

    runners: int | None = None
    hours: float | None = None
    until_idle: bool = False


def run(root: Path, asked: Asked, say: Callable[[str], None], pace: Pace | None = None) -> int:
    """Begin and supervise; the exit code. NightrunError says why it does not begin."""
    policy = policy_file.load(root)
    _make_room(root)
    return supervisor.run(root, lambda: plan(root, policy, asked), say=say, pace=pace)


def _make_room(root: Path) -> None:
    """The state folder, kept out of git before there is anything in it."""
    try:
        state_dir.exclude(git.git_path(root, "info/exclude"))
        StateDir(root).create()
    except OSError as error:
        raise NightrunError(
            f"{error.filename} cannot be made or written: {error.strerror}.",
            "nightrun keeps its state there; see who owns it, and whether the disk is full or read-only.",
        ) from error


def plan(root: Path, policy: Policy, asked: Asked) -> Plan:
    """What the run will do, when nothing stands against it."""
    settings = environment.read(root, defaults=DEFAULTS)
    runners = asked.runners or policy.project.runners
    branch = _branch(root, policy)
    if policy.project.isolation == "root":
        _check_root(root, runners)
    if settings.auto_commit:
        git.identity(root)
    sandbox.wanted(policy.workspace.sandbox)
    return Plan(
        runners=runners,
        hours=asked.hours or policy.limits.hours,
        until_idle=asked.until_idle,
        settings=settings,
        branch=branch,
        task_logs=policy.limits.task_logs,
        keep_awake=policy.project.keep_awake,
        monitor_stale=_stale(policy),
        log_bytes=policy.limits.part_log,
        notes=tuple(_notes(root, policy, settings)),
    )


def _stale(policy: Policy) -> monitor_stale.Settings:
    """When the monitor counts as stale; one that looks rarely has time for three looks."""
    settings = policy.monitor.condition(monitor_stale.NAME)
    assert isinstance(settings, monitor_stale.Settings)
    return settings.model_copy(update={"after": max(settings.after, 3 * policy.monitor.interval)})


# -- reasons not to begin


def _branch(root: Path, policy: Policy) -> str:
    """The branch that work lands on; it has a commit to start from."""
    state, target = git.state(root), policy.project.target
    if state.unborn and (target is None or target == state.branch):
        raise NightrunError(
            f"The branch {state.branch} has no commit yet, so there is nothing to work from.",
            "git commit --allow-empty -m 'Begin'",
        )
    if target is not None:
        if git.tip(root, f"refs/heads/{target}") is None:
            raise NightrunError(f"project.target is {target}, and there is no such branch.", f"git branch {target}")
        return target
    if state.branch is None:
        raise NightrunError(
            "HEAD is detached, so it is not known where work shall land.",
            "git switch BRANCH, or set project.target in pipeline.yaml.",
        )
    return state.branch


def _check_root(root: Path, runners: int) -> None:
    if runners > 1:
        raise NightrunError(
            f"With isolation: root there is one place to work in, and {runners} runners were asked for.",
            "Set project.isolation to worktree, or start one runner.",
        )
    # What an attempt left whose runner was killed is the first runner's to put in order.
    changed = [] if StateDir(root).root_attempt.exists() else git_change.changed_paths(root)
    if changed:
        raise NightrunError(
            f"With isolation: root agents work in {root} itself, and it has uncommitted changes: {_some(changed)}.",
            "Commit or stash them, or set project.isolation to worktree.",
        )


def _some(paths: list[str]) -> str:
    shown = ", ".join(lines.safe(one) for one in paths[:3])
    return shown if len(paths) <= 3 else f"{shown} and {len(paths) - 3} more"


# -- what is only said


def _notes(root: Path, policy: Policy, settings: Environment) -> Iterator[str]:
    state = git.state(root)
    if state.operation:
        yield f"a {state.operation} is in progress here: nothing lands in this checkout before its end"
    if lacking := room.lacking(clock.disk(root), policy.limits):
        yield f"{lacking}: no attempt starts below that"
    if settings.auto_commit and not policy.committing_types:
        yield "no task type of the policy commits"
    yield from _about_budgets(root, policy)
    # Off is the person's own word: the log of each runner says it.
    without = None if policy.workspace.sandbox == OFF else sandbox.why_not(policy.workspace.sandbox)
    if without is not None:
        yield f"agents and gates run without a sandbox: {without}"
    if policy.project.isolation == "root" and sandbox.why_not(policy.workspace.sandbox) is not None:
        yield "with isolation: root and without a sandbox agents read what git ignores here as well, such as .env"
    try:
        yield from _about_hooks(root, policy)
    except NightrunError as error:
        yield f"the hooks cannot be checked: {error.message}"


def _about_budgets(root: Path, policy: Policy) -> Iterator[str]:
    """What of them cannot be held with the agents that will work here."""
    wanted = [one for one in (budget.of_task(policy.limits), budget.of_night(policy.limits)) if one.is_set]
    if not wanted:
        return
    here = agent_choice.available(policy, lambda program: programs.find(program, below=root) is not None)
    by_type = (agent_choice.candidates(None, one.agents, tuple(here)) for _, one in policy.task_types.items())
    names = {name for found in by_type for name in found} | {name for name in policy.agents if name in here}
    silent = budget.silent(here[name] for name in names)
    for one in wanted:
        yield from budget.not_held(one, silent)


def _about_hooks(root: Path, policy: Policy) -> Iterator[str]:
    """Ours are brought up to date with the policy. Where there never were any, that is the person's choice."""
    values = hooks.values_of(policy)
    for line in hooks.refresh(root, values):
        yield f"hook {line}"
    problems = hooks.check(root, values)
    missing = list(dict.fromkeys(one.hook for one in problems if one.kind == "missing"))
    if missing:
        yield f"{' and '.join(missing)}: no such hook is installed here; `make setup` does that"
    yield from (one.text for one in problems if one.kind != "missing")
