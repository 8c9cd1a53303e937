"""Check machine, repository, hooks, agents and policy."""

from __future__ import annotations

import json
import platform
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.words.errors import BadPolicy, NightrunError

if TYPE_CHECKING:
    from nightrun.hands.push_trial import Row as PushRow
    from nightrun.policy.model import Policy

OK, WARN, FAIL = "ok", "warn", "fail"
COLOURS = {OK: "green", WARN: "yellow", FAIL: "red"}
OLDEST_PYTHON = (3, 11)
OLDEST_GIT = (2, 36)  # the first with `git hook run`
REPAIR = "nightrun setup"


@dataclass(frozen=True)
class Row:
    """One thing that was looked at. `fix` is what a person should do."""

    name: str
    state: str
    text: str
    fix: str = ""


@click.command("doctor")
@repo_option
@json_option
@click.pass_context
def command(context: click.Context, root: Path, as_json: bool) -> None:
    """Check machine, repository, hooks, agents and policy.

    Fires the hooks with a good message, a bad one and a push to a scratch remote. Then tries nine ways to push without
    permission, as an agent of this repository would, to a folder and to a remote with a password: so it is known what
    is stopped here and what is not. Changes nothing. Exit code 1 when something would keep the pipeline from working.

    \b
    Examples:
      nightrun doctor
      nightrun doctor --json
    """
    rows = [row for name, look in CHECKS.items() for row in _rows(name, look, root)]
    pushes = _pushes(root)
    if as_json:
        guard = {"rows": [asdict(row) for row in pushes], "advice": _advice(root, pushes)}
        click.echo(json.dumps({"checks": [asdict(row) for row in rows], "push_guard": guard}))
    else:
        for row in rows:
            _show(row)
        _show_pushes(root, pushes)
    context.exit(1 if any(row.state == FAIL for row in rows) else 0)


def _rows(name: str, look: Callable[[Path], Iterator[Row]], root: Path) -> Iterator[Row]:
    """The rows of one check; what it could not look at is a row too."""
    try:
        yield from look(root)
    except BadPolicy as error:
        yield Row(name, FAIL, "; ".join([error.message, *error.problems]), error.hint or "")
    except NightrunError as error:
        yield Row(name, FAIL, error.message, error.hint or "")


def _pushes(root: Path) -> list[PushRow]:
    from nightrun.decisions import sandbox
    from nightrun.hands import git_trust, push_trial  # kept from `--help`, which has to be quick

    if not push_trial.can_be_tried(root):
        return []
    try:
        git_trust.check(root)
        return push_trial.rows(root, sandbox.rules(_policy_or_default(root).workspace))
    except NightrunError as error:
        click.echo(f"The ways to push could not be tried: {error.message}", err=True)
        return []


def _advice(root: Path, pushes: list[PushRow]) -> list[str]:
    from nightrun.decisions import push_row

    return push_row.advice(pushes, sandboxed=any(row.sandbox for row in pushes))


def _policy_or_default(root: Path) -> Policy:
    """That of the repository where it has a valid one: another row says what is wrong with it."""
    from nightrun.hands import policy_file
    from nightrun.policy.model import Policy

    try:
        return policy_file.load(root) if (root / policy_file.NAME).exists() else Policy()
    except BadPolicy:
        return Policy()


# -- what is looked at


def _machine(root: Path) -> Iterator[Row]:
    python = Row("python", OK, f"{platform.python_version()} at {sys.executable}")
    if sys.version_info[:2] < OLDEST_PYTHON:
        python = Row("python", FAIL, f"{platform.python_version()} is too old", "Install Python 3.11 or newer.")
    yield python
    from nightrun.hands import git

    version = git.version()
    shown = ".".join(map(str, version))
    if version < OLDEST_GIT:
        yield Row("git", FAIL, f"{shown} is too old", "Install git 2.36 or newer.")
    else:
        yield Row("git", OK, shown)


def _repository(root: Path) -> Iterator[Row]:
    from nightrun.hands import git, git_trust

    git_trust.check(root)
    state = git.state(root)
    where = f"{root}, branch {state.branch}" if state.branch else f"{root}, no branch"
    if state.operation:
        yield Row("repository", WARN, f"{where}, a {state.operation} in progress", "Finish or abort it before a run.")
    elif state.detached:
        yield Row("repository", WARN, f"{where}: HEAD is detached", "git switch BRANCH")
    else:
        yield Row("repository", OK, where)


def _identity(root: Path) -> Iterator[Row]:
    from nightrun.hands import git

    yield Row("identity", OK, git.identity(root))


def _environment(root: Path) -> Iterator[Row]:
    from nightrun.hands import environment

    found = environment.read(root)
    if found.auto_push:
        text = (
            f"PIPELINE_AUTO_PUSH=1 ({found.sources[environment.AUTO_PUSH]}): the push guard is off for what starts here"
        )
        yield Row("environment", WARN, text, "Leave it off, and push with `nightrun push`.")
    for problem in found.problems:
        yield Row("environment", WARN, problem, "Correct or remove that line.")
    if not found.auto_push and not found.problems:
        yield Row("environment", OK, "nothing pushes without being asked")


def _policy(root: Path) -> Iterator[Row]:
    from nightrun.hands import policy_file

    policy = policy_file.load(root)
    unchecked = [name for name in policy.committing_types if not policy.task_types[name].gate]
    text = f"{policy_file.NAME} is good"
    if unchecked:
        yield Row("policy", WARN, f"{text}, but nothing checks {', '.join(unchecked)}", "Set a gate for them.")
    else:
        yield Row("policy", OK, text)


def _hooks(root: Path) -> Iterator[Row]:
    from nightrun.hands import git_trust, hook_proof, hooks

    git_trust.check(root)
    values = hooks.values_for(root)
    problems = hooks.check(root, values)
    for problem in problems:
        yield Row("hooks", FAIL, problem.text, REPAIR)
    if not problems:
        yield Row("hooks", OK, "commit-msg and pre-push are what git runs, in every worktree")
    for proof in hook_proof.prove(root, values):
        yield Row("hooks", OK if proof.holds else FAIL, proof.text, "" if proof.holds else REPAIR)


def _agents(root: Path) -> Iterator[Row]:
    from nightrun.flows import agents

    found = agents.look(root)
    for one in found.agents:
        if one.problem and one.is_available:
            yield Row("agents", WARN, f"{one.name}: {one.problem}", f"nightrun agents check {one.name}")
        elif one.note and one.program:
            yield Row("agents", WARN, f"{one.name}: {one.note}", f"nightrun agents check {one.name}")
    nobody = [name for name, agent in found.task_types.items() if agent is None]
    if nobody:
        yield Row("agents", WARN, f"nobody here can do {', '.join(nobody)}", "nightrun agents")
    elif found.auto == "script":
        text = "auto is script: it runs the sh block of a direction, all other work waits"
        yield Row("agents", OK, text)
    else:
        yield Row("agents", OK, f"auto is {found.auto}")


def _secrets(root: Path) -> Iterator[Row]:
    from nightrun.hands import kingfisher, programs

    program = kingfisher.program()
    also = f"and {programs.version(program) or program}" if program else f"alone; {kingfisher.INSTALL} looks for more"
    yield Row("secrets", OK, f"built-in patterns {also}")


def _sandbox(root: Path) -> Iterator[Row]:
    from nightrun.hands import sandbox
    from nightrun.words.sandbox import BWRAP, OFF

    mode, found = _policy_or_default(root).workspace.sandbox, sandbox.look()
    else_ = "agents and gates are ended by process group, subreaper and sweep, and can read what you can"
    if mode == OFF:
        yield Row("sandbox", WARN, f"workspace.sandbox is off: {else_}", "Set it to auto.")
    elif found.program is not None:
        text = "agents and gates run in bubblewrap: they end with their runner, and your credentials are out of reach"
        yield Row("sandbox", OK, text)
    elif mode == BWRAP:
        yield Row("sandbox", FAIL, f"workspace.sandbox is bwrap, and {found.why}: nothing begins", found.fix)
    else:
        yield Row("sandbox", WARN, f"{found.why}: {else_}", found.fix)


def _disk(root: Path) -> Iterator[Row]:
    from nightrun.decisions import room
    from nightrun.hands import clock, policy_file
    from nightrun.policy.model import Limits

    limits = policy_file.load(root).limits if (root / policy_file.NAME).exists() else Limits()
    disk = clock.disk(root)
    if lacking := room.lacking(disk, limits):
        yield Row("disk", FAIL, lacking, "Free some space: no attempt starts.")
        return
    wanted = room.floor(limits, disk.total)
    text = f"{disk.free / (1 << 30):.1f} GiB free, the policy wants {wanted / (1 << 30):.1f} GiB"
    yield Row("disk", OK, text)


def _sleep(root: Path) -> Iterator[Row]:
    """Tried for a moment: whether it is allowed here is known only then."""
    from nightrun.hands import awake, policy_file, process

    if (root / policy_file.NAME).exists() and not policy_file.load(root).project.keep_awake:
        yield Row("sleep", OK, "the machine may go to sleep during a run, as project.keep_awake says")
        return
    argv = awake.inhibitor()
    if shutil.which(argv[0]) is None:
        text, fix = f"{argv[0]} is not here", "Switch off that this machine goes to sleep by itself, if it does."
        yield Row("sleep", WARN, f"the machine may go to sleep during a run: {text}", fix)
        return
    done = process.run([*argv, "true"], timeout_s=10)
    if done.code == 0:
        yield Row("sleep", OK, f"{argv[0]} keeps the machine from going to sleep while a run has work")
        return
    said = _lines_of(done.err + done.out)
    text = f"the machine may go to sleep during a run: {argv[0]}: {said[-1] if said else f'exit code {done.code}'}"
    yield Row("sleep", WARN, text, "Switch off that this machine goes to sleep by itself, if it does.")


def _lines_of(data: bytes) -> list[str]:
    return [line.strip() for line in data.decode(errors="replace").splitlines() if line.strip()]


CHECKS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "machine": _machine,
    "repository": _repository,
    "identity": _identity,
    "environment": _environment,
    "policy": _policy,
    "hooks": _hooks,
    "agents": _agents,
    "secrets": _secrets,
    "sandbox": _sandbox,
    "disk": _disk,
    "sleep": _sleep,
}


# -- what is shown


def _show(row: Row) -> None:
    click.echo(f"{click.style(f'{row.state:<4}', fg=COLOURS[row.state])}  {row.name:<12} {row.text}")
    if row.fix:
        click.echo(f"{'':<19}{row.fix}")


def _show_pushes(root: Path, pushes: list[PushRow]) -> None:
    from nightrun.decisions import push_row

    if not pushes:
        return
    click.echo("\nPushes without permission, tried from an attempt as an agent would:")
    for line in push_row.table(pushes):
        click.echo(
            f"  {line}" if len(line) < 100 else textwrap.fill(line, 100, initial_indent="  ", subsequent_indent="  ")
        )
    for line in _advice(root, pushes):
        click.echo(textwrap.fill(line, 100, break_long_words=False, break_on_hyphens=False))
