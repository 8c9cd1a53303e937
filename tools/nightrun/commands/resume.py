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
    It also says that git's settings and hooks, where a run found them changed, are yours.

    \b
    Examples:
      nightrun resume
      nightrun resume --agent codex
    """
    from nightrun.hands import git_trust  # kept from `--help`, which has to be quick
    from nightrun.hands.state_dir import StateDir

    accepted = not agent and git_trust.accept(root)
    pauses = [] if accepted and not StateDir(root).db.exists() else _ended(root, agent)
    if as_json:
        click.echo(json.dumps({"ended": pauses, "settings_accepted": accepted}))
        return
    if accepted:
        click.echo("git's settings and hooks are used again, as they are now.")
    for one in pauses:
        click.echo(_said(one))
    if not pauses and not accepted:
        click.echo(f"Agent {agent} was not paused." if agent else "Nothing was paused.")


def _ended(root: Path, agent: str | None) -> list[dict[str, Any]]:
    from nightrun.flows import sight  # kept from `--help`, which has to be quick

    with sight.answering(root) as client:
        pauses = [one for one in client.pauses() if not agent or one["scope"] == f"agent:{agent}"]
        for scope in dict.fromkeys(one["scope"] for one in pauses):
            client.resume(scope)
    return pauses


def _said(pause: Mapping[str, Any]) -> str:
    from nightrun.decisions import lines

    scope = lines.safe(pause["scope"])
    what = "Tasks are taken again" if scope == "intake" else f"Agent {scope.removeprefix('agent:')} is used again"
    return f"{what}; {lines.safe(pause['by'])} had paused it: {lines.safe(pause['reason'])}"
