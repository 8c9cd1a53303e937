"""Set up another repository for nightrun, or take that back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option
from nightrun.words.errors import WrongUse

if TYPE_CHECKING:
    from nightrun.flows.adopting import Adopted, Undone


@click.command("adopt")
@click.argument("repo", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--force", is_flag=True, help="Replace a pipeline.yaml and pipeline.mk that are there; --undo restores them."
)
@click.option("--undo", is_flag=True, help="Remove exactly what adopt wrote and nobody changed since.")
@json_option
def command(repo: Path, force: bool, undo: bool, as_json: bool) -> None:
    """Set up the repository at REPO (the current one unless given) for nightrun.

    Writes pipeline.yaml with the test command it finds, pipeline.mk with make targets, backlog files and the git
    hooks. Says what it wrote, commits nothing, and leaves every file alone that is there already.
    """
    from nightrun.flows import adopting  # kept from `--help`, which has to be quick

    root = _root(repo)
    if undo:
        _say_undone(root, adopting.undo(root), as_json=as_json)
    else:
        done = adopting.adopt(root, force=force)
        _say_adopted(done, as_json=as_json)
        if done.no_hooks is not None:
            raise done.no_hooks


def _root(path: Path) -> Path:
    from nightrun.hands import git

    root = git.root(path.absolute()) if path.is_dir() else None
    if root is None:
        raise WrongUse(f"{path.absolute()} is not inside a git repository.", f"Make it one: git init {path}")
    return root


def _say_adopted(done: Adopted, *, as_json: bool) -> None:
    gate = done.proposal.gate
    if as_json:
        said = {
            "root": str(done.root),
            "gate": list(gate.commands) if gate else None,
            "because": gate.because if gate else None,
            "wrote": list(done.wrote),
            "kept": dict(done.kept),
            "hooks": list(done.hooks),
            "policy_problems": list(done.policy_problems),
        }
        click.echo(json.dumps(said))
        return
    click.echo("\n".join([f"{done.root}", *_adopted_lines(done), "", "Nothing was committed. What to do now:"]))
    click.echo("\n".join(f"  {number}. {step}" for number, step in enumerate(_next_steps(done), start=1)))


def _adopted_lines(done: Adopted) -> list[str]:
    lines = [f"  wrote {name}" for name in done.wrote]
    lines += [f"  {name} {reason}" for name, reason in done.kept.items()]
    lines += [f"  hook {line}" for line in done.hooks]
    gate = done.proposal.gate
    if gate is not None and "pipeline.yaml" in done.wrote:
        lines.append(f"  gate: {' && '.join(gate.commands)} ({gate.because})")
    return lines


def _next_steps(done: Adopted) -> list[str]:
    steps = []
    if done.policy_problems and done.proposal.gate is None and "pipeline.yaml" in done.wrote:
        steps.append(
            "No test command was found: write one into every `gate` of pipeline.yaml, or [] for none on purpose."
        )
    elif done.policy_problems:
        steps.append(f"pipeline.yaml is not valid; `nightrun policy check` says all: {done.policy_problems[0]}")
    if done.wrote:
        steps.append(f"Look at it and commit it: git add {' '.join(done.wrote)}")
    steps.append("Write work into specs/backlog.md, or: make -f pipeline.mk task TYPE=impl DIRECTION='...'")
    steps.append("Start: make -f pipeline.mk autonomous (or put `include pipeline.mk` at the end of your makefile)")
    return steps


def _say_undone(root: Path, done: Undone, *, as_json: bool) -> None:
    if as_json:
        said = {"root": str(root), "removed": done.removed, "restored": done.restored, "kept": done.kept}
        click.echo(json.dumps({**said, "hooks": done.hooks}))
        return
    lines = [f"{root}"]
    lines += [f"  removed {name}" for name in done.removed]
    lines += [f"  restored {name} as it was before" for name in done.restored]
    lines += [f"  {name} {reason}" for name, reason in done.kept.items()]
    lines += [f"  hook {line}" for line in done.hooks]
    click.echo("\n".join(lines))
