"""Show what is in the backlog files, what was done and what is next."""

from __future__ import annotations

import json
from pathlib import Path

import click

from nightrun.commands import status
from nightrun.commands.options import json_option, repo_option


@click.command("backlog")
@repo_option
@json_option
def command(root: Path, as_json: bool) -> None:
    """Show what is in the backlog files, what was done and what is next.

    The files are those that the policy names (`backlog.files` and `backlog.meta`). How far begun items are is shown
    while the API runs.

    \b
    Examples:
      nightrun backlog
      nightrun backlog --json
    """
    from nightrun.decisions import backlog_page, lines
    from nightrun.flows import sight_backlog  # kept from `--help`, which has to be quick

    facts = sight_backlog.look(root)
    if as_json:
        click.echo(json.dumps(facts))
        return
    for text, tone in list(lines.rows(backlog_page.make(facts)))[1:]:
        click.echo(click.style(text, **status.STYLES.get(tone, {})))
