"""Answer a task that needs a decision; without an id, list them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import client_for, json_option, repo_option
from nightrun.words.errors import WrongUse
from nightrun.words.task import NEEDS_DECISION

if TYPE_CHECKING:
    from nightrun.hands.client import Client

MOST = 100


@click.command("decide")
@click.argument("task", metavar="ID", required=False)
@click.argument("text", metavar="ANSWER", required=False)
@repo_option
@json_option
def command(root: Path, task: str | None, text: str | None, as_json: bool) -> None:
    """Answer a task that needs a decision; without an id, list them.

    The answer is given to the next attempt, and the task goes back to work.

    \b
    Examples:
      nightrun decide
      nightrun decide ID "Keep the old option, add the new one beside it."
    """
    client = client_for(root)
    if task is None and text is None:
        _list(client, as_json=as_json)
        return
    if not task or not (text or "").strip():
        missing = "id" if not task else "answer"
        raise WrongUse(f"The {missing} is missing.", "nightrun decide ID ANSWER (make decide TASK=ID TEXT='...').")
    after = client.patch(task, decision=text)
    click.echo(json.dumps(asdict(after)) if as_json else f"{after.task_type} {after.id} goes back to work.")


def _list(client: Client, *, as_json: bool) -> None:
    from nightrun.decisions import lines, page

    found, total = client.tasks(status=NEEDS_DECISION, limit=MOST, order="oldest")
    if as_json:
        click.echo(json.dumps({"tasks": [asdict(one) for one in found], "total": total}))
        return
    for one in found:
        line = page.decision(asdict(one))
        click.echo(f"{line.text}\n    {line.command}")
    click.echo(f"{lines.count(total, 'task needs', 'tasks need')} a decision." if total else "Nothing waits for you.")
