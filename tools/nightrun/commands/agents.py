"""Show the agents, and which of them can work here."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, raw_repo_option, root_of

if TYPE_CHECKING:
    from nightrun.flows.agents import Seen, Trial


@click.group("agents", invoke_without_command=True)
@raw_repo_option
@json_option
@click.pass_context
def command(context: click.Context, repo: Path | None, as_json: bool) -> None:
    """Show the agents, and which of them can work here.

    Each agent of the policy with its program and version, what is wrong with it, whether it is paused, which one
    `auto` is, and who takes each type of task.

    \b
    Examples:
      nightrun agents
      nightrun agents check claude
    """
    if context.invoked_subcommand is not None:
        return
    from nightrun.flows import agents  # kept from `--help`, which has to be quick

    found = agents.look(root_of(repo))
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    for one in found.agents:
        _show(one)
    click.echo(f"\nauto is {found.auto}." if found.auto else "\nauto is nobody.")
    takes = ", ".join(f"{name}: {agent or 'nobody'}" for name, agent in found.task_types.items())
    click.echo(f"Who takes what: {takes}.")
    if found.intake:
        click.echo(f"No new tasks are taken, {found.intake}.")


@command.command()
@click.argument("name", metavar="NAME")
@raw_repo_option
@json_option
@click.pass_context
def check(context: click.Context, name: str, repo: Path | None, as_json: bool) -> None:
    """Give one trivial task to the agent NAME, in a scratch repository, and say what came of it.

    A model is asked, which may cost a little. Exit code 1 when the task was not done. When it was, what nightrun had
    paused because this agent did not work goes on; a pause of your own stays (`nightrun resume`).

    \b
    Example:
      nightrun agents check claude
    """
    from nightrun.flows import agents

    before = context.parent.params if context.parent is not None else {}
    trial = agents.check(root_of(repo or before.get("repo")), name)
    if as_json or before.get("as_json"):
        click.echo(json.dumps(asdict(trial)))
    else:
        _show_trial(trial)
    context.exit(0 if trial.outcome == "completed" else 1)


def _show(one: Seen) -> None:
    state, colour = ("ok", "green") if one.is_available and not one.problem else ("--", "yellow")
    where = " ".join(word for word in (one.version, one.program) if word)
    text = "; ".join(word for word in (where, one.problem, one.note) if word)
    click.echo(f"{click.style(f'{state:<4}', fg=colour)}  {one.name:<12} {text}")


def _show_trial(trial: Trial) -> None:
    from nightrun.decisions import lines

    summary = f": {lines.safe(trial.summary, 300)}" if trial.summary else ""
    click.echo(f"{trial.agent}: {trial.outcome} after {lines.lasting(trial.seconds)}{summary}")
    if trial.text:
        click.echo(f"  it said: {lines.safe(trial.text)}")
    if trial.usage:
        click.echo("  it used: " + ", ".join(f"{name} {value}" for name, value in trial.usage.items()))
    for reason in trial.resumed:
        click.echo(f"  it is used again; it had been paused: {lines.safe(reason)}")
    if trial.output:
        from nightrun.decisions import terminal_text

        click.echo("  the end of its output:\n" + terminal_text.plain(trial.output).rstrip())
