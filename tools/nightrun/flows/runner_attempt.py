"""One attempt: the agent works in its place, then facts decide what came of it (DESIGN sections 3 and 4)."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from nightrun import agents, scans
from nightrun.decisions import child_env, judging, prompt, room, scan_report
from nightrun.decisions import sandbox as walls
from nightrun.decisions import verdict as verdicts
from nightrun.flows import runner_budget, runner_forged, runner_gate, runner_tick, runner_trust
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.hands import clock, git, git_change, kingfisher, marker, process, sandbox, state_dir, tail
from nightrun.hands.process import ProgramMissing
from nightrun.policy.model import Scan
from nightrun.policy.task_types import TaskType
from nightrun.scans import weakened_tests
from nightrun.words import gate as gates
from nightrun.words.agent import AgentEnd, AgentResult, AgentRun, AgentSpec
from nightrun.words.change import ScanFinding
from nightrun.words.errors import NightrunError
from nightrun.words.gate import Gate
from nightrun.words.outcome import COMPLETED, Outcome
from nightrun.words.sandbox import AGENT
from nightrun.words.task import Task

RESULT_BYTES = 8 << 20  # of the file that a program writes its result to
WORKSPACE = "workspace"  # stands for the agent where `workspace.setup` failed
PROMPTS = "prompts"  # folder of the state folder; an attempt's own is removed when it ends

log = logging.getLogger("nightrun.runner")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What an attempt came to, and what there is to commit."""

    outcome: Outcome
    agent: str
    model: str | None = None
    command: str | None = None
    tree: str | None = None  # of the work tree as it was judged; None when it could not be looked at
    changed: bool = False
    gate: Gate | None = None
    held: tuple[ScanFinding, ...] = ()  # what a person must agree to before it lands
    refused: tuple[ScanFinding, ...] = ()  # what a person can accept, so that the next attempt passes with it
    blameless: bool = False  # the target itself fails the gate
    untouchable: bool = False  # the folder must stay as it is for a person to look at
    usage: dict[str, Any] = field(default_factory=dict)
    reason: str = "nothing was changed"  # why there is no commit when nothing was


def attempt(world: World, task: Task, place: Place, spec: AgentSpec) -> Judged:
    """Never raises for what an agent, a gate or the change can do wrong: that is an outcome."""
    asleep = clock.asleep()
    judged = _attempt(world, task, place, spec)
    slept = judging.of_sleep(judged.outcome, slept_s=clock.asleep() - asleep)
    if slept is not None:
        return replace(judged, outcome=slept)
    lacking = room.lacking(clock.disk(world.state.path), world.policy.limits)
    excused = judging.of_disk(judged.outcome, lacking=lacking, before=task.context.get("last_failure"))
    return judged if excused is None else replace(judged, outcome=excused)


def _attempt(world: World, task: Task, place: Place, spec: AgentSpec) -> Judged:
    before = runner_forged.target(world, place)
    most_s, whose = runner_budget.most_seconds(world, task, world.policy.task_types[task.task_type].timeout)
    try:
        problem = _set_up(world, task, place)
        end, result, command = (None, None, "") if problem else _work(world, task, place, spec, most_s)
    except runner_gate.Stopped as error:
        return Judged(outcome=Outcome(kind="interrupted", summary=error.message), agent=spec.name)
    except sandbox.NoSandbox as error:
        return Judged(outcome=Outcome(kind="setup", summary=error.message), agent=WORKSPACE)
    if end is None or result is None:
        return Judged(outcome=Outcome(kind="setup", summary=problem), agent=WORKSPACE)
    told = Judged(
        outcome=runner_budget.of_time(judging.of_agent(end, result), whose),
        agent=spec.name,
        model=result.model or spec.model,
        command=command,
        usage=dict(result.usage),
    )
    if not runner_trust.is_given(world):
        return _untouchable(told)
    if moved := runner_forged.look_at_target(world, task, place, before):
        return replace(told, outcome=Outcome(kind="scan", summary=moved, output=told.outcome.output))
    if told.outcome.kind != COMPLETED:
        return told
    try:
        judged = _judge(world, task, place, told, result)
        return judged if runner_trust.is_given(world) else _untouchable(judged)
    except runner_trust.Broken:
        return _untouchable(told)
    except runner_gate.Stopped as error:
        return replace(told, outcome=Outcome(kind="interrupted", summary=error.message))
    except (NightrunError, OSError) as error:
        return replace(told, outcome=of_error(error))


def _untouchable(told: Judged) -> Judged:
    """A clean filter would run with the next `git add` (reliability.md 4.3)."""
    outcome = Outcome(kind="scan", summary=runner_trust.WHY, output=told.outcome.output)
    return replace(told, outcome=outcome, untouchable=True)


def of_error(error: Exception) -> Outcome:
    """What git, the disk or the machine did to us is nobody's fault but has a class; what git refuses has an author."""
    if isinstance(error, git_change.NotTaken):
        return Outcome(kind="scan", summary=error.message, output=f"{error.message} {error.hint}")
    text = error.message if isinstance(error, NightrunError) else str(error)
    full = any(one in text.lower() for one in ("no space left", "out of diskspace", "quota exceeded"))
    return Outcome(kind="disk" if full else "interrupted", summary=text)


def _set_up(world: World, task: Task, place: Place) -> str:
    """What is wrong with the place in words, empty when nothing. One that was worked in before is set up already."""
    if place.is_root or place.shared:
        return ""
    return runner_gate.set_up(world, place.path, _mark(world, task), place.path.name)


def _mark(world: World, task: Task) -> str:
    return marker.of_attempt(world.root, task.id, task.attempt)


# -- the agent


def _work(world: World, task: Task, place: Place, spec: AgentSpec, most_s: float) -> tuple[AgentEnd, AgentResult, str]:
    """How the agent ended, what its own result says, and the command line for people."""
    kind = agents.BY_NAME[spec.kind]
    settings = world.policy.task_types[task.task_type]
    with _prompt_files(world, task, settings, spec, place, kind) as (run, direction_file):
        argv = kind.argv(run)
        end = _run(world, task, place, spec, kind, run, argv, direction_file, settings.silence, most_s)
    if end is None:
        missing = AgentResult(kind="setup", summary=f"the program {argv[0]} of agent {spec.name} cannot be started")
        return AgentEnd(code=None, reason="exit", output="", seconds=0.0), missing, ""
    return end, kind.read(end, now=clock.now()), _shown(argv)


def _shown(argv: tuple[str, ...]) -> str:
    """Without the prompt: it is in the task already, and may be long."""
    return " ".join(one if len(one) <= 200 and "\n" not in one else "..." for one in argv)[:1000]


def _run(
    world: World,
    task: Task,
    place: Place,
    spec: AgentSpec,
    kind: ModuleType,
    run: AgentRun,
    argv: tuple[str, ...],
    direction_file: Path,
    silence_s: float | None,
    most_s: float,
) -> AgentEnd | None:
    """None when there is no such program."""
    for line in agents.leaves(kind):
        state_dir.exclude(git.git_path(world.root, "info/exclude"), line)
    extra = {
        "PIPELINE_TASK_ID": task.id,
        "PIPELINE_TASK_TYPE": task.task_type,
        "PIPELINE_ATTEMPT": str(task.attempt),
        "PIPELINE_RUNNER": world.name,
        "PIPELINE_DIRECTION_FILE": str(direction_file),
    }
    env = child_env.for_agent(os.environ, spec, extra)
    rules = walls.rules(world.policy.workspace)
    around = _around(world, task, place, spec, kind, direction_file.parent)
    try:
        with sandbox.entered(rules, around, argv, env) as box, world.pulse.step(f"agent {spec.name}", 0.0):
            ended = process.run_agent(
                argv,
                cwd=place.path,
                env=env,
                sandbox=box,
                stdin=kind.stdin(run),
                log=world.state.task_log(task.id, task.attempt),
                timeout_s=most_s,
                silence_s=silence_s,
                should_stop=world.is_to_end,
                marker=_mark(world, task),
                bounds=world.bounds,
                log_bytes=world.policy.limits.task_log,
                is_full=lambda: judging.is_full(clock.disk_free(world.state.path), world.policy.limits.disk_floor),
            )
        sandbox.check_end(box, ended)
    except ProgramMissing:
        return None
    if ended.log_problem:
        log.warning("the log of %s, attempt %d, is not whole: %s", task.id, task.attempt, ended.log_problem)
    output = ended.tail.decode("utf-8", errors="replace")
    said = tail.beginning(Path(run.result_file), RESULT_BYTES)
    return AgentEnd(code=ended.code, reason=ended.reason, output=output, seconds=ended.seconds, result=said)


def _around(world: World, task: Task, place: Place, spec: AgentSpec, kind: ModuleType, prompts: Path) -> sandbox.Place:
    return sandbox.Place(
        worktree=place.path,
        root=world.root,
        room=world.state.path / sandbox.ROOMS / f"{task.id}.{task.attempt}",
        kind=AGENT,
        own=agents.own(kind),
        work=(prompts,),
        command=spec.command or (),
    )


@contextmanager
def _prompt_files(
    world: World, task: Task, settings: TaskType, spec: AgentSpec, place: Place, kind: ModuleType
) -> Iterator[tuple[AgentRun, Path]]:
    """The prompt and the bare direction as files outside of the worktree, where they are no change."""
    folder = world.state.path / PROMPTS / f"{task.id}.{task.attempt}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = prompt.build(
        task,
        type_prompt=settings.prompt,
        context=task.context,
        gate=gates.shown(settings.gate or ()),
        bare=spec.kind in ("script", "command"),
        verdict=settings.verdict,
        resumed=place.resumed,
        left_on=place.left_on,
    )
    run = AgentRun(
        prompt=text,
        direction=task.direction,
        worktree=str(place.path),
        prompt_file=str(folder / "prompt"),
        model=task.model or spec.model,
        args=spec.args,
        command=spec.command,
        channel=spec.channel,
    )
    (folder / "direction").write_text(task.direction, encoding="utf-8", newline="")
    (folder / "prompt").write_text(kind.file_text(run), encoding="utf-8", newline="")
    try:
        yield run, folder / "direction"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# -- judging


def _judge(world: World, task: Task, place: Place, told: Judged, result: AgentResult) -> Judged:
    """Change, verdict, gate, scan: the first that speaks against it decides."""
    settings = world.policy.task_types[task.task_type]
    told = replace(told, tree=git_change.snapshot(place.path, leave_out=place.links))
    told = replace(told, changed=told.tree != place.base_tree)
    found = _verdict(settings, told, result)
    wrong = judging.of_verdict(found, wanted=settings.verdict and _in_a_chain(task), said=result.text)
    wrong = wrong or judging.of_change(
        changed=told.changed,
        allowed=settings.no_change == "allowed" or not settings.commit,
        said=result.summary or result.text,
    )
    if wrong is not None:
        return replace(told, outcome=replace(wrong, output=wrong.output or told.outcome.output))
    told = _ticked(world, task, place, told, found)
    told = _checked(world, task, place, told)
    if told.outcome.kind != COMPLETED:
        return told
    findings = verdicts.findings(result.text) if found == "FAIL" else ""
    done = judging.completed(told.outcome.output, verdict=found, findings=findings, usage=told.usage)
    return replace(told, outcome=done)


def _in_a_chain(task: Task) -> bool:
    """Then something depends on the verdict; a task that stands alone may leave it out."""
    return "item" in task.context or "way" in task.context


def _verdict(settings: TaskType, told: Judged, result: AgentResult) -> str | None:
    return (result.verdict or verdicts.read(result.text)) if settings.verdict else None


def _ticked(world: World, task: Task, place: Place, told: Judged, verdict: str | None) -> Judged:
    """The item that this task finishes is ticked in its file, inside this task's commit."""
    if not runner_tick.is_due(world, task, verdict) or not runner_tick.write(world, task, place):
        return told
    tree = git_change.snapshot(place.path, leave_out=place.links)
    return replace(told, tree=tree, changed=tree != place.base_tree)


def _checked(world: World, task: Task, place: Place, told: Judged) -> Judged:
    """By the gate and by the scan, which is made meanwhile: it reads objects alone."""
    settings = world.policy.scan
    with ThreadPoolExecutor(1) as beside:
        scan = beside.submit(_scan, world, task, place, told, settings, lazy=False)
        told = _gated(world, task, place, told)
    if told.outcome.kind != COMPLETED:
        return told
    # What is missing was perhaps never fetched. git starts a program to fetch it, which the gate may have named.
    if scan.exception() is None:
        return _scanned(task, told, scan.result())
    return _scanned(task, told, _scan(world, task, place, told, settings, lazy=True))


def _gated(world: World, task: Task, place: Place, told: Judged) -> Judged:
    assert told.tree is not None
    gate = runner_gate.check(world, task, place.path, told.tree)
    told = replace(told, gate=gate)
    wrong = judging.of_gate(gate)
    if wrong is None:
        return told
    # The repair of a red target is the one task that cannot be excused by it.
    is_repair = task.context.get("condition") == "gate_red"
    blameless = not is_repair and not place.is_root and runner_gate.target_is_red(world, task, place.base)
    if blameless:
        wrong = replace(wrong, summary=f"the target itself fails this gate: {wrong.summary}")
    return replace(told, outcome=wrong, blameless=blameless)


def _scan(world: World, task: Task, place: Place, told: Judged, settings: Scan, *, lazy: bool) -> list[ScanFinding]:
    if told.tree is None or not told.changed:
        return []
    change = git_change.change(world.root, place.base_tree, told.tree, lazy=lazy)
    found = scans.look(change, settings)
    findings = weakened_tests.with_totals(found, lambda path: _texts(world, place.base_tree, told.tree, path))
    if not (settings.secrets and settings.kingfisher):
        return findings
    rules, scratch = world.state.path / "kingfisher", world.state.path / PROMPTS / f"{task.id}.{task.attempt}"
    return [*findings, *kingfisher.look(change, rules=rules, scratch=scratch, known=findings)]


def _texts(world: World, before: str, after: str | None, path: str) -> tuple[str, str]:
    """What a file held and holds."""
    contents = [git_change.file_at(world.root, tree, path) if tree else None for tree in (before, after)]
    old, new = ((one or b"").decode(errors="replace") for one in contents)
    return old, new


def _scanned(task: Task, told: Judged, findings: list[ScanFinding]) -> Judged:
    findings = scan_report.without(findings, task.context.get("accepted"))
    refused = scan_report.refused(findings)
    if refused:
        wrong = Outcome(kind="scan", summary=scan_report.summary(refused), output=scan_report.text(refused))
        return replace(told, outcome=wrong, refused=tuple(refused))
    return replace(told, held=tuple(scan_report.held(findings)))
