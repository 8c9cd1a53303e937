"""Run everything in the foreground: API, runners, monitor."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from nightrun.commands.options import repo_option

MOST_RUNNERS = 64


def _hours(_context: click.Context, _option: click.Parameter, value: float | None) -> float | None:
    if value is not None and (not math.isfinite(value) or value <= 0):
        raise click.BadParameter(f"{value:g} is not a number of hours above 0.")
    return value


def run_options(hours: float | None) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The options of a run, shared with `overnight`."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "--until",
                type=click.Choice(["idle"]),
                help="idle: end when nothing is left to do; exit code 0 when nothing failed.",
            ),
            click.option(
                "--hours",
                type=float,
                default=hours,
                show_default=hours is not None,
                callback=_hours,
                help="After these nothing new is begun, and the run ends when what runs is finished."
                + ("" if hours else " Unless given: limits.hours of the policy."),
            ),
            click.option(
                "--runners",
                type=click.IntRange(1, MOST_RUNNERS),
                help="Tasks worked on at the same time. Unless given: project.runners of the policy.",
            ),
        ):
            command = option(command)
        return command

    return add


@click.command("autonomous")
@run_options(None)
@repo_option
def command(root: Path, runners: int | None, hours: float | None, until: str | None) -> int:
    """Run everything in the foreground: API, runners, monitor.

    Takes work from the backlog files and the queue, and commits what passes its gate: PIPELINE_AUTO_COMMIT and
    PIPELINE_AUTO_FIX_ENABLED are on unless the environment or .env says otherwise. Ctrl-C ends everything in order, a
    second one at once; nothing is lost. Nothing is pushed unless PIPELINE_AUTO_PUSH=1.

    \b
    Examples:
      nightrun autonomous
      nightrun autonomous --runners 3 --hours 6
      nightrun autonomous --until idle
    """
    return run(root, runners, hours, until)


def run(root: Path, runners: int | None, hours: float | None, until: str | None) -> int:
    """The exit code of the run."""
    from nightrun.flows import supervisor_start  # kept from `--help`, which has to be quick

    asked = supervisor_start.Asked(runners=runners, hours=hours, until_idle=until == "idle")
    return supervisor_start.run(root, asked, click.echo)
