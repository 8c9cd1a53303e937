"""Commit and land the finished change of a task by hand."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.words.errors import NightrunError, TryLater

if TYPE_CHECKING:
    from nightrun.words.task import Task


@click.command("commit")
@click.argument("task", metavar="ID")
@repo_option
@json_option
def command(root: Path, task: str, as_json: bool) -> None:
    """Commit and land the finished change of a task by hand.

    For work that was finished with auto-commit off, that waits for you to look at it (a protected path), or whose
    commit failed. Works while nothing runs, too.

    \b
    Examples:
      nightrun commit ID
    """
    from nightrun.flows import runner_by_hand, sight  # kept from `--help`, which has to be quick

    with sight.answering(root):
        after = runner_by_hand.land(root, task)
    if as_json:
        click.echo(json.dumps(asdict(after)))
        return
    say(after)


def say(task: Task) -> None:
    name = f"{task.task_type} {task.id}"
    if task.commit_state == "landed":
        click.echo(f"{name} landed as {(task.commit_sha or '')[:10]}.")
    elif task.commit_state == "held":
        raise TryLater(f"{name} is committed but held: {task.commit_reason}", f"git show {task.commit_sha}")
    elif task.status == "pending":
        raise NightrunError(f"{name} went back to work: {task.error_summary}", "The next attempt is told of it.")
    else:
        raise NightrunError(f"{name} is {task.commit_state}: {task.commit_reason}", f"nightrun logs {task.id}")
