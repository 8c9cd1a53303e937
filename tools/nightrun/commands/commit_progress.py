"""Commit what changed here as one task's commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option

if TYPE_CHECKING:
    from nightrun.commit_progress import Progress


@click.command("commit-progress")
@click.option("--task-id", required=True, help="Id of the task, for the subject and the Pipeline-Task trailer.")
@click.option("--task-type", default="impl", show_default=True, help="Type of the task; heal is never committed.")
@click.option("--message", default="", help="What was done: its first sentence or line becomes the subject.")
@click.option("--push", is_flag=True, help="Push the branch afterwards, never forced.")
@json_option
def command(task_id: str, task_type: str, message: str, push: bool, as_json: bool) -> None:
    """Commit what changed here as one task's commit.

    Takes all changes of the work tree that the current folder belongs to; ignored files and nested repositories stay
    out. Without a repository or without changes it does nothing, successfully. Hooks run, and nothing is lost when one
    refuses.

    \b
    Examples:
      nightrun commit-progress --task-id t-42 --task-type impl --message "Tighten the retry loop"
      nightrun commit-progress --task-id t-42 --task-type impl --message "Tighten the retry loop" --push
    """
    from nightrun import commit_progress  # kept from `--help`, which has to be quick

    done = commit_progress.run(task_id, task_type, message, push=push)
    if as_json:
        _print_json(done)
    else:
        click.echo("\n".join(_lines(done)))


def _lines(done: Progress) -> list[str]:
    if done.state == "nothing":
        lines = [f"{done.reason} Nothing to commit."]
    else:
        lines = [f"Committed {(done.sha or '')[:10]} on {done.branch}: {done.subject}"]
    if done.left_out:
        lines.append(f"Left out, since they are repositories of their own: {', '.join(map(ascii, done.left_out))}")
    if done.pushed:
        lines.append(f"Pushed to {done.branch} of {done.pushed}.")
    return lines


def _print_json(done: Progress) -> None:
    import json
    from dataclasses import asdict

    click.echo(json.dumps(asdict(done)))
