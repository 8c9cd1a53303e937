"""End a run in order; nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import click

from nightrun.commands.options import json_option, repo_option


@click.command("stop")
@repo_option
@json_option
def command(root: Path, as_json: bool) -> None:
    """End a run in order; nothing is lost.

    Waits until the run has ended, 45 seconds at most. Tasks that are worked on go back to the queue.

    \b
    Examples:
      nightrun stop
    """
    from nightrun.flows import stopping  # kept from `--help`, which has to be quick

    seconds = stopping.stop(root, lambda text: click.echo(text, err=True))
    if as_json:
        click.echo(json.dumps({"ran": seconds is not None, "seconds": seconds}))
    elif seconds is None:
        click.echo(f"Nothing runs in {root}.")
    else:
        click.echo(f"Stopped after {seconds:.1f} s.")
