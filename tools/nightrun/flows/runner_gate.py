"""Runs the repository's own checks on an attempt's worktree, and on the target itself when they fail."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nightrun.decisions import child_env, telling_line
from nightrun.decisions import sandbox as walls
from nightrun.flows import runner_trust, runner_workspace
from nightrun.flows.runner_world import World
from nightrun.hands import clock, files, git, git_change, git_worktree, marker, process, sandbox, state_dir
from nightrun.hands.process import Ended, ProgramMissing
from nightrun.words import gate as words
from nightrun.words.errors import NightrunError
from nightrun.words.gate import Gate
from nightrun.words.task import Task

TARGET = "target"  # folder below worktrees/ in which the target's own gate runs
MOST_REMEMBERED = 500

log = logging.getLogger("nightrun.runner")


def check(world: World, task: Task, path: Path, tree: str) -> Gate:
    """The gate of the task's type on `path`, whose files are those of `tree`."""
    commands = world.policy.task_types[task.task_type].gate or ()
    shown = words.shown(commands)
    if not commands:
        return Gate(result=words.NONE, tree=tree)
    known = world.gates.get((tree, shown))
    if known is not None:
        return known
    log_file = world.state.task_logs / f"{task.id}.{task.attempt}.gate.log"
    mark = marker.of_attempt(world.root, task.id, task.attempt)
    return _sure(world, commands, path, tree, log_file, mark, world.policy.task_types[task.task_type].timeout)


def _remember(world: World, passed: Gate) -> None:
    if len(world.gates) >= MOST_REMEMBERED:
        world.gates.pop(next(iter(world.gates)))
    world.gates[passed.tree, passed.commands] = replace(passed, reused=True)


def _sure(
    world: World,
    commands: Sequence[Sequence[str]],
    path: Path,
    tree: str,
    log_file: Path,
    mark: str,
    timeout_s: float,
) -> Gate:
    """A gate that says no is asked again on the same tree; when it then says yes, it is flaky and has passed."""
    made = _run(world, commands, path, tree, log_file, mark, timeout_s=timeout_s)
    for _ in range(world.policy.limits.gate_reruns):
        # What it changed, could not start or had no time for is the same the next time.
        if made.result != words.FAILED or not any(made.codes) or git_change.tracked_tree(path) != tree:
            break
        log.warning("the gate failed, and is asked again on the same tree: %s", made.problem)
        again = _run(world, commands, path, tree, log_file, mark, timeout_s=timeout_s)
        made = replace(again, flaky=again.result == words.PASSED)
    if made.result == words.PASSED:
        _remember(world, made)
    return made


def _run(
    world: World,
    commands: Sequence[Sequence[str]],
    path: Path,
    tree: str,
    log_file: Path,
    mark: str,
    *,
    timeout_s: float,
) -> Gate:
    """One command after the other, each with a log of its own; the first that fails, fails the gate."""
    started, shown = clock.monotonic(), words.shown(commands)
    logs = [state_dir.gate_log(log_file, number) for number in range(1, len(commands) + 1)]
    codes: list[int] = []
    problem = output = ""
    for command, name, own_log in zip(commands, shown, logs, strict=True):
        ended, wrong = _one(world, command, path, own_log, mark, timeout_s)
        if ended is not None and ended.reason == "exit" and ended.code is not None:
            codes.append(ended.code)
        if wrong:
            output = "" if ended is None else ended.tail.decode(errors="replace")
            problem = f"`{name}` {wrong}" + (f": {_last_line(output)}" if output.strip() else "")
            break
    seconds = clock.monotonic() - started
    runner_trust.check(world)
    if not problem and git_change.tracked_tree(path) != tree:
        problem = "the gate itself changes files that git tracks, so it did not check what would be committed"
    return Gate(
        result=words.FAILED if problem else words.PASSED,
        tree=tree,
        seconds=seconds,
        commands=shown,
        problem=problem,
        output=output,
        codes=tuple(codes),
        log=files.digest(logs[: len(codes)]),
    )


def _one(
    world: World, command: Sequence[str], path: Path, log_file: Path, mark: str, timeout_s: float
) -> tuple[Ended | None, str]:
    """How it ended, and what is wrong with that in words; empty when nothing."""
    env = child_env.for_gate(os.environ, {"PIPELINE_RUNNER": world.name})
    room = world.state.path / sandbox.ROOMS / f"{path.name}.gate"
    place = sandbox.Place(worktree=path, root=world.root, room=room, command=tuple(command))
    rules = walls.rules(world.policy.workspace)
    try:
        with sandbox.entered(rules, place, command, env) as box, world.pulse.step("gate", 0.0):
            ended = process.run_agent(
                command,
                cwd=path,
                env=env,
                sandbox=box,
                stdin=None,
                log=log_file,
                timeout_s=timeout_s,
                silence_s=None,
                should_stop=world.is_to_end,
                marker=mark,
                bounds=world.bounds,
            )
        sandbox.check_end(box, ended)
    except ProgramMissing as error:
        return None, f"cannot be started ({error.message})"
    if ended.reason == "stopped":
        raise Stopped("the attempt was stopped while its gate ran")
    if ended.reason == "timeout":
        return ended, f"took longer than {timeout_s:g} s"
    if ended.reason in ("memory", "processes"):
        return ended, f"used more {ended.reason} than limits.{ended.reason} allows"
    return ended, "" if ended.code == 0 else f"failed with exit code {ended.code}"


class Stopped(NightrunError):
    """Somebody wants the attempt ended."""


def _last_line(output: str) -> str:
    return " ".join(telling_line.of(output).split())[:200]


# -- the target itself


def target_is_red(world: World, task: Task, base: str) -> bool:
    """Whether the commit that the attempt started from fails the same gate; it is told once for each commit."""
    return of_target(world, task, base) == words.FAILED


def of_target(world: World, task: Task, base: str) -> str:
    """What the gate of the task's type says of the commit that the attempt starts from."""
    known = world.reported.get("target_gate") or {}
    commands = world.policy.task_types[task.task_type].gate or ()
    if not commands:
        return words.NONE
    if (git.tree_of(world.root, base), words.shown(commands)) in world.gates:
        return words.PASSED
    if known.get("tip") == base and known.get("commands") == list(words.shown(commands)):
        return str(known["result"])
    folder = world.state.worktrees / f"{TARGET}.{world.name}"
    try:
        made = _of_commit(world, commands, base, folder, world.policy.task_types[task.task_type].timeout)
    finally:
        git_worktree.remove(world.root, folder)
    world.report(
        target_gate={
            "result": made.result,
            "tip": base,
            "at": clock.now(),
            "summary": made.problem,
            "commands": list(made.commands),
        }
    )
    return made.result


def target_moved(world: World, tip: str) -> None:
    """What was told of another commit is not believed any more; of this one it may be known already."""
    known = world.reported.get("target_gate") or {}
    if not known or known["tip"] == tip:
        return
    commands = known["commands"]
    passed = (git.tree_of(world.root, tip), tuple(commands)) in world.gates
    told = {"result": words.PASSED, "tip": tip, "at": clock.now(), "summary": "", "commands": commands}
    world.report(target_gate=told if passed else None)


def _of_commit(world: World, commands: Sequence[Sequence[str]], base: str, folder: Path, timeout_s: float) -> Gate:
    git_worktree.remove(world.root, folder)
    git_worktree.add(world.root, folder, None, base)
    runner_workspace.link(world, folder)
    problem = set_up(world, folder, marker.of_attempt(world.root, TARGET, 0), folder.name)
    if problem:
        return Gate(result=words.NONE, tree="", problem=problem)
    mark = marker.of_attempt(world.root, TARGET, 0)
    log_file = world.state.task_logs / f"{folder.name}.gate.log"
    return _sure(world, commands, folder, git.tree_of(folder, "HEAD"), log_file, mark, timeout_s)


# -- what a worktree needs first


def set_up(world: World, path: Path, mark: str, name: str) -> str:
    """Run `workspace.setup`; what went wrong in words, empty when nothing."""
    timeout_s = world.policy.task_types.impl.timeout
    for command, shown in zip(world.policy.workspace.setup, words.shown(world.policy.workspace.setup), strict=True):
        ended, problem = _one(world, command, path, world.state.task_logs / f"{name}.setup.log", mark, timeout_s)
        if problem:
            output = "" if ended is None else ended.tail.decode(errors="replace")
            return f"workspace.setup: `{shown}` {problem}" + (f": {_last_line(output)}" if output.strip() else "")
    return ""
