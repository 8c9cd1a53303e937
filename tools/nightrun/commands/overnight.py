"""Run everything for the hours of a night, then write the report."""

from __future__ import annotations

from pathlib import Path

import click

from nightrun.commands import autonomous, report
from nightrun.commands.options import repo_option
from nightrun.words.errors import NightrunError

NIGHT_HOURS = 8.0


@click.command("overnight")
@autonomous.run_options(NIGHT_HOURS)
@repo_option
def command(root: Path, runners: int | None, hours: float, until: str | None) -> int:
    """Run everything for the hours of a night, then write the report.

    The same as `autonomous`, bounded; it ends with the report of the run and the exit code of the run.

    \b
    Examples:
      nightrun overnight
      nightrun overnight --hours 10 --runners 2
    """
    from nightrun.hands import clock  # kept from `--help`, which has to be quick

    begun = clock.now()
    code = autonomous.run(root, runners, hours, until)
    click.echo("")
    try:
        report.write_and_print(root, clock.now() - begun)
    except NightrunError as error:  # it tells about the run, and is not to hide how that ended
        click.echo(f"nightrun: no report: {error.message}", err=True)
    return code
