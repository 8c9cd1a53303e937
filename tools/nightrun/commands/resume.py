"""Take tasks again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from nightrun.commands.options import json_option, repo_option


@click.command("resume")
@click.option("--agent", help="End the pause of this agent only.")
@repo_option
@json_option
def command(root: Path, agent: str | None, as_json: bool) -> None:
    """Take tasks again.

    Ends every pause, of intake and of agents: yours, and those that nightrun made because of a limit or a fault.

    \b
    Examples:
      nightrun resume
      nightrun resume --agent codex
    """
    from nightrun.flows import sight  # kept from `--help`, which has to be quick

    with sight.answering(root) as client:
        pauses = [one for one in client.pauses() if not agent or one["scope"] == f"agent:{agent}"]
        for scope in dict.fromkeys(one["scope"] for one in pauses):
            client.resume(scope)
    if as_json:
        click.echo(json.dumps({"ended": pauses}))
        return
    for one in pauses:
        click.echo(_said(one))
    if not pauses:
        click.echo(f"Agent {agent} was not paused." if agent else "Nothing was paused.")


def _said(pause: Mapping[str, Any]) -> str:
    from nightrun.decisions import lines

    scope = lines.safe(pause["scope"])
    what = "Tasks are taken again" if scope == "intake" else f"Agent {scope.removeprefix('agent:')} is used again"
    return f"{what}; {lines.safe(pause['by'])} had paused it: {lines.safe(pause['reason'])}"
