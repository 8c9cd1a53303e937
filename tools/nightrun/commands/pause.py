"""Take no new tasks until resumed."""

from __future__ import annotations

import json
from pathlib import Path

import click

from nightrun.commands.options import json_option, repo_option

INTAKE = "intake"


@click.command("pause")
@click.argument("text", metavar="[WHY]", required=False)
@click.option("--agent", help="Pause this agent only.")
@repo_option
@json_option
def command(root: Path, text: str | None, agent: str | None, as_json: bool) -> None:
    """Take no new tasks until resumed.

    What runs is finished. A pause outlives the run: it ends with `nightrun resume`.

    \b
    Examples:
      nightrun pause
      nightrun pause "I am rebasing main"
      nightrun pause --agent codex
    """
    from nightrun.flows import sight  # kept from `--help`, which has to be quick

    scope = f"agent:{agent}" if agent else INTAKE
    with sight.answering(root) as client:
        made = client.pause(scope, text if text and text.strip() else "a person asked for it")
    what = f"Agent {agent} is paused" if agent else "No new tasks are taken"
    click.echo(json.dumps(made) if as_json else f"{what}: {made['reason']}. What runs is finished; then `make resume`.")
