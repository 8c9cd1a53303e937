"""Remove what attempts left behind and nobody needs, after showing it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.words.errors import WrongUse

if TYPE_CHECKING:
    from nightrun.decisions.cleaning import Plan, Thing

SHOWN = 20  # of each kind


@click.command("clean")
@click.option(
    "--all",
    "with_all",
    is_flag=True,
    help="Also the sandbox's caches, and work not in the history; that is kept for 14 days.",
)
@click.option("--dry-run", is_flag=True, help="Only show.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@repo_option
def command(root: Path, with_all: bool, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove what attempts left behind and nobody needs, after showing it.

    Worktrees that nobody works in, branches whose work is in the target's history, old logs and prompts. Never what
    runs, what has not landed, or what is yours. With --all also the caches of the sandbox, and work that is not in
    the history: each piece of it stays below refs/nightrun/recovery/ for 14 days.

    \b
    Examples:
      nightrun clean --dry-run
      nightrun clean --all
    """
    from nightrun.flows import cleaning  # kept from `--help`, which has to be quick

    if as_json and not (yes or dry_run):
        raise WrongUse("--json asks nobody.", "Add --yes, or --dry-run to look only.")
    plan = cleaning.look(root)
    chosen = [*plan.removed, *(plan.asked if with_all else ())]
    if not as_json:
        _show(plan, with_all=with_all)
    problems = {}
    if chosen and not dry_run and (yes or click.confirm(f"Remove these {len(chosen)}?")):
        problems = _remove(root, chosen, quiet=as_json)
        if not as_json:
            _say(chosen, problems)
    if as_json:
        done = [] if dry_run else [one.name for one in chosen if one.name not in problems]
        click.echo(json.dumps({**asdict(plan), "done": done, "problems": problems}))
    if problems:
        raise click.exceptions.Exit(1)


def _show(plan: Plan, *, with_all: bool) -> None:
    _list("To be removed:", plan.removed)
    _list(
        "To be removed, too (work that is not in the history is kept for 14 days):" if with_all else "Only with --all:",
        plan.asked,
    )
    needed = [one for one in plan.left if one.why != "it is not old"]
    _list("Stays:", needed)
    if not plan.removed and not (with_all and plan.asked):
        click.echo("There is nothing to remove.")


def _list(title: str, things: Sequence[Thing]) -> None:
    from nightrun.decisions import lines

    if not things:
        return
    click.echo(f"{title} {_room(things)}".rstrip())
    for kind in dict.fromkeys(one.kind for one in things):
        these = [one for one in things if one.kind == kind]
        for one in these[:SHOWN]:
            name = one.name.removeprefix("refs/heads/") if kind == "branch" else one.name
            click.echo(f"  {kind:<9} {lines.safe(name, 200)}  ({one.why})")
        if len(these) > SHOWN:
            click.echo(f"  {kind:<9} ... and {len(these) - SHOWN} more")


def _room(things: Sequence[Thing]) -> str:
    size = sum(one.size for one in things)
    return f"{size / (1 << 20):.1f} MiB" if size else ""


def _remove(root: Path, chosen: Sequence[Thing], *, quiet: bool) -> dict[str, str]:
    """Why some were not removed, by name."""
    from nightrun.flows import cleaning

    problems = {}
    for number, (one, problem) in enumerate(cleaning.remove(root, chosen), 1):
        if problem:
            problems[one.name] = problem
        if not quiet and (one.kind == "worktree" or number % 100 == 0):
            click.echo(f"{number} of {len(chosen)}: {one.kind} {one.attempt or one.name}")
    return problems


def _say(chosen: Sequence[Thing], problems: dict[str, str]) -> None:
    for name, problem in problems.items():
        click.echo(f"{name} stays: {problem}", err=True)
    gone = [one for one in chosen if one.name not in problems]
    click.echo(f"Removed {len(gone)}. {_room(gone)}".rstrip())
