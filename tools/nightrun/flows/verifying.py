"""Runs the gate again on commits of the pipeline, each in a worktree of its own, and compares with what they claim."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from nightrun.decisions import child_env, telling_line, verifying
from nightrun.decisions import sandbox as walls
from nightrun.decisions.verifying import UNCHECKED, Claim, Found, Verdict
from nightrun.hands import (
    clock,
    files,
    git,
    git_change,
    git_history,
    git_trust,
    git_worktree,
    lock,
    policy_file,
    process,
    sandbox,
    state_dir,
)
from nightrun.hands.git_trust import Distrusted, Watch
from nightrun.hands.process import ProgramMissing
from nightrun.hands.state_dir import StateDir
from nightrun.policy import reading
from nightrun.policy.model import Policy
from nightrun.words import gate as gates
from nightrun.words.commit import Commit
from nightrun.words.errors import NightrunError, TryLater
from nightrun.words.gate import Gate

DAY_S = 86_400.0
# Beside the attempts' worktrees, where programs find what lies above them, such as node_modules. No name of an attempt
# looks like this, so a runner leaves it alone.
PREFIX = "verify-"
LAST_LINE_CHARS = 200
NO_POLICY = f"there is no {policy_file.NAME} that says what the gate is"

Told = Callable[[str], None]


@dataclass
class _Check:
    """One run of verify."""

    root: Path
    state: StateDir
    policy: Policy | None  # of the project now
    told: Told
    run: bool
    watch: Watch
    passed: dict[tuple[str, tuple[str, ...]], Gate] = field(default_factory=dict)  # by tree and commands


def verify(root: Path, range: str | None, *, run: bool, told: Told) -> list[Verdict]:
    """Newest first; without a range those of the last day on the target branch. `told` hears what is done.

    Distrusted when git's settings are not to be used, or a gate changes them: the rest is not looked at then.
    """
    watch = git_trust.watch(root)
    policy = policy_file.load(root) if (root / policy_file.NAME).exists() else None
    claims = [verifying.read(one) for one in _commits(root, policy, range)]
    state = StateDir(root)
    check = _Check(root=root, state=state, policy=policy, told=told, run=run, watch=watch)
    if not run:
        return [_judge(check, one, _compared(check, one)) for one in claims]
    if not claims:
        return []
    with _alone(state):
        return [_verdict(check, one, f"{number} of {len(claims)}") for number, one in enumerate(claims, start=1)]


def _commits(root: Path, policy: Policy | None, range: str | None) -> list[Commit]:
    if range is not None:
        return git_history.pipeline_commits(root, range)
    target = (policy.project.target if policy else None) or git.current_branch(root)
    if target is None or git.tip(root, f"refs/heads/{target}") is None:
        raise NightrunError("There is no target branch to look at.", "Name the commits: nightrun verify BASE..HEAD")
    return git_history.recent_commits(root, f"refs/heads/{target}", clock.now() - DAY_S)


@contextmanager
def _alone(state: StateDir) -> Iterator[None]:
    """What a killed verify left is removed."""
    state_dir.exclude(git.git_path(state.root, "info/exclude"))
    held = lock.hold(state.create().lock("verify"))
    if held is None:
        raise TryLater("Another verify runs here.", "Run it again when that has ended.")
    try:
        for folder in state.worktrees.glob(f"{PREFIX}*"):
            git_worktree.remove(state.root, folder)
        yield
    finally:
        held.release()


def _judge(check: _Check, claim: Claim, found: Found) -> Verdict:
    return verifying.judge(claim, replace(found, other_log=_other_log(check, claim)))


def _other_log(check: _Check, claim: Claim) -> str:
    """The first of the logs that the gate of this commit left here, when they are not those that it names."""
    if claim.log is None or claim.task is None or claim.attempt is None:
        return ""
    first = check.state.task_logs / f"{claim.task}.{claim.attempt}.gate.log"
    number = max(1, len(_commands(_policy_of(check, claim)[0], claim)))
    logs = [state_dir.gate_log(first, one) for one in range(1, number + 1)]
    if not first.exists() or files.digest(logs) == claim.log:
        return ""
    return str(first)


# -- which gate


def _compared(check: _Check, claim: Claim) -> Found:
    """What can be said without running anything."""
    policy, named = _policy_of(check, claim)
    if policy is None and claim.result is not None:
        return Found(result=UNCHECKED, problem=NO_POLICY)
    return Found(result=verifying.NOT_RUN, commands=gates.shown(_commands(policy, claim)), named=named)


def _policy_of(check: _Check, claim: Claim) -> tuple[Policy | None, bool]:
    """The policy that has the gate which the commit names: that of now, else that before the commit; whether one has.

    Commands are never taken from the message: whoever can write a message could run anything here.
    """
    if claim.result is None or claim.task_type is None:
        return check.policy, True
    candidates = [check.policy] if check.policy is not None else []
    if any(claim.names(gates.shown(_commands(one, claim))) for one in candidates):
        return check.policy, True
    earlier = _policy_before(check.root, claim.commit)
    if earlier is not None and claim.names(gates.shown(_commands(earlier, claim))):
        return earlier, True
    return check.policy or earlier, False


def _policy_before(root: Path, commit: Commit) -> Policy | None:
    if not commit.parents:
        return None
    text = git_change.file_at(root, commit.parents[0], policy_file.NAME)
    found = reading.read(text.decode(errors="replace"), policy_file.NAME) if text is not None else None
    return found if isinstance(found, Policy) else None


def _commands(policy: Policy | None, claim: Claim) -> Sequence[Sequence[str]]:
    known = dict(policy.task_types.items()) if policy is not None else {}
    settings = known.get(claim.task_type or "")
    return (settings.gate or ()) if settings is not None else ()


# -- one commit


def _verdict(check: _Check, claim: Claim, number: str) -> Verdict:
    policy, named = _policy_of(check, claim)
    commands = _commands(policy, claim)
    shown = gates.shown(commands)
    if policy is None and claim.result is not None:
        return _judge(check, claim, Found(result=UNCHECKED, problem=NO_POLICY))
    if claim.result is None or not commands or policy is None:
        return _judge(check, claim, Found(result=gates.NONE, commands=shown, named=named))
    check.told(f"{number}: {claim.commit.sha[:10]} {'; '.join(shown)}")
    known = check.passed.get((claim.commit.tree, shown))
    if known is not None:
        return _judge(check, claim, verifying.of_gate(known, named=named))
    log = check.state.task_logs / f"{PREFIX}{claim.commit.sha[:10]}.log"
    try:
        made = _run(check, policy, claim, commands, log)
    except Distrusted:
        raise
    except NightrunError as error:
        made = Gate(result=UNCHECKED, tree=claim.commit.tree, problem=error.message, commands=shown)
    if made.result == gates.PASSED:
        check.passed[claim.commit.tree, shown] = made
        log.unlink(missing_ok=True)
    return _judge(check, claim, verifying.of_gate(made, log=str(log) if log.exists() else "", named=named))


def _run(check: _Check, policy: Policy, claim: Claim, commands: Sequence[Sequence[str]], log: Path) -> Gate:
    folder = check.state.worktrees / f"{PREFIX}{claim.commit.sha[:10]}"
    timeout_s = policy.task_types[str(claim.task_type)].timeout
    log.unlink(missing_ok=True)
    try:
        git_worktree.add(check.root, folder, None, claim.commit.sha)
        for name in policy.workspace.link:
            _link(check.root, folder, name)
        setup = _all(check.root, policy, policy.workspace.setup, folder, log, policy.task_types.impl.timeout)
        check.watch.check(f"workspace.setup for {claim.commit.sha[:10]}")
        if setup.result != gates.PASSED:
            return Gate(result=UNCHECKED, tree="", problem=f"workspace.setup: {setup.problem}", commands=setup.commands)
        made = _all(check.root, policy, commands, folder, log, timeout_s)
        # As in an attempt: a gate that says no is asked again on the same tree.
        for _ in range(policy.limits.gate_reruns):
            check.watch.check(f"The gate of {claim.commit.sha[:10]}")
            if made.result != gates.FAILED or git_change.tracked_tree(folder) != claim.commit.tree:
                break
            again = _all(check.root, policy, commands, folder, log, timeout_s)
            made = replace(again, flaky=again.result == gates.PASSED)
        check.watch.check(f"The gate of {claim.commit.sha[:10]}")
        if made.result == gates.PASSED and git_change.tracked_tree(folder) != claim.commit.tree:
            why = "it changes files that git tracks, so it does not check what is committed"
            return Gate(result=gates.FAILED, tree="", seconds=made.seconds, problem=why, commands=made.commands)
        return made
    finally:
        git_worktree.remove(check.root, folder)


def _link(root: Path, worktree: Path, name: str) -> None:
    source, link = root / name, worktree / name
    if source.exists() and not os.path.lexists(link):
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(source)


def _all(
    root: Path, policy: Policy, commands: Sequence[Sequence[str]], folder: Path, log: Path, timeout_s: float
) -> Gate:
    """One after the other, `timeout_s` for all of them; the first that fails, fails the gate."""
    started, shown = clock.monotonic(), gates.shown(commands)
    for command, name in zip(commands, shown, strict=True):
        left_s = timeout_s - (clock.monotonic() - started)
        result, problem = _one(root, policy, command, folder, log, left_s)
        if problem:
            seconds = clock.monotonic() - started
            return Gate(result=result, tree="", seconds=seconds, commands=shown, problem=f"`{name}` {problem}")
    return Gate(result=gates.PASSED, tree="", seconds=clock.monotonic() - started, commands=shown)


def _one(
    root: Path, policy: Policy, command: Sequence[str], folder: Path, log: Path, timeout_s: float
) -> tuple[str, str]:
    """Result and, unless it passed, what is wrong in words."""
    env = child_env.for_gate(os.environ, {})
    room = StateDir(root).path / sandbox.ROOMS / folder.name
    place = sandbox.Place(worktree=folder, root=root, room=room, command=tuple(command))
    try:
        with sandbox.entered(walls.rules(policy.workspace), place, command, env) as box:
            ended = process.run_agent(
                command,
                cwd=folder,
                env=env,
                sandbox=box,
                stdin=None,
                log=log,
                timeout_s=timeout_s,
                silence_s=None,
                should_stop=lambda: False,
                # Not the mark of this repository's attempts: a run that starts meanwhile ends those.
                marker=f"{PREFIX}{os.getpid()}:{folder.name}",
            )
        sandbox.check_end(box, ended)
    except ProgramMissing as error:
        return UNCHECKED, f"cannot be started ({error.message})"
    if ended.reason == "timeout":
        return UNCHECKED, "took longer than the policy allows"
    if ended.code == 0:
        return gates.PASSED, ""
    last = " ".join(telling_line.of(ended.tail.decode(errors="replace")).split())[:LAST_LINE_CHARS]
    return gates.FAILED, f"failed with exit code {ended.code}" + (f": {last}" if last else "")
