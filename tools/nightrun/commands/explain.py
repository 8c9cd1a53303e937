"""Tell why a task or an issue is where it is, with the commands that check it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.commands.status import STYLES


@click.command("explain")
@click.argument("task", metavar="TASK|ISSUE")
@repo_option
@json_option
def command(root: Path, task: str, as_json: bool) -> None:
    """Tell why a task or an issue is where it is, with the commands that check it.

    From what is recorded: events, attempts, gate, commit, git; what an issue saw and what came of it. The beginning of
    an id is enough when there is only one, and the name of a condition finds its issue. Works when nothing runs, too.

    \b
    Examples:
      nightrun explain ID
      nightrun explain repeated_failures
      nightrun explain ID --json
    """
    from nightrun.decisions import explain, lines  # kept from `--help`, which has to be quick
    from nightrun.flows import sight_explain

    facts = sight_explain.gather(root, task)
    made = explain.make(facts)
    if as_json:
        click.echo(json.dumps({"kind": facts["kind"], **asdict(made), "facts": facts}))
        return
    click.echo(click.style(made.title, **STYLES["heading"]))
    for text, tone in lines.rows(made.sections):
        click.echo(click.style(text, **STYLES.get(tone, {})))
