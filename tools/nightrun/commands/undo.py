"""Revert the commits of a task or of a night."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.words.errors import NightrunError

if TYPE_CHECKING:
    from nightrun.flows.undoing import Plan
    from nightrun.words.commit import Commit

SUBJECT_CHARS = 90
CONFLICT = 1
PATHS_SHOWN = 20


@click.command("undo")
@click.option("--task", help="Id of the task whose commit is reverted.")
@click.option("--since", help="Reverts all commits of the pipeline since then: 12h, 2026-01-31, or a commit.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@repo_option
@json_option
@click.pass_context
def command(context: click.Context, root: Path, task: str | None, since: str | None, yes: bool, as_json: bool) -> None:
    """Revert the commits of a task or of a night.

    Shows what it will do and asks. The commits are found by their Pipeline-Task trailer and reverted newest first,
    each by a commit of its own, then the target branch is fast-forwarded; uncommitted edits stay as they are. All or
    nothing: where one conflicts, nothing is changed. Commits of people are never reverted. Nothing is pushed.

    \b
    Examples:
      nightrun undo --task ID
      nightrun undo --since 12h --yes
      nightrun undo --since main~5 --json        only shows, without --yes
    """
    from nightrun.flows import undoing  # kept from `--help`, which has to be quick

    plan = undoing.plan(root, task=task or None, since=since or None)
    if not as_json:
        _show(plan)
    done = False
    if plan.steps and plan.conflict is None and (yes or (not as_json and _agreed(plan))):
        plan = undoing.carry_out(root, plan)
        done = plan.conflict is None
    if as_json:
        click.echo(json.dumps(_said(plan, done=done)))
        context.exit(CONFLICT if plan.conflict is not None else 0)
    _end(plan, done=done)


def _agreed(plan: Plan) -> bool:
    from nightrun.decisions.lines import count

    return click.confirm(f"Revert {count(len(plan.steps), 'commit')} on {plan.target}?")


def _show(plan: Plan) -> None:
    for commit, by in plan.already:
        click.echo(f"already undone by {by[:10]}:  {_named(commit)}")
    for commit in plan.gone:
        click.echo(f"nothing of it is left:  {_named(commit)}")
    for step in plan.steps:
        click.echo(f"to revert:  {_named(step.commit)}")


def _named(commit: Commit) -> str:
    from nightrun.decisions import lines

    return f"{commit.sha[:10]} {lines.safe(commit.subject, SUBJECT_CHARS)}"


def _end(plan: Plan, *, done: bool) -> None:
    from nightrun.decisions.lines import count

    if plan.conflict is not None:
        raise _conflict(plan)
    if not plan.steps:
        click.echo(f"There is nothing to undo on {plan.target}.")
    elif not done:
        click.echo("Nothing was undone.")
    else:
        for step in plan.steps:
            click.echo(f"reverted:  {_named(step.commit)}  by {(step.revert or '')[:10]}")
        click.echo(f"{count(len(plan.steps), 'commit')} reverted on {plan.target}; no gate has run on the result.")
        click.echo(
            f"Nothing was pushed. To take it back: git revert {plan.tip[:10]}..{(plan.steps[-1].revert or '')[:10]}"
        )


def _conflict(plan: Plan) -> NightrunError:
    from nightrun.decisions import lines, undoing

    assert plan.conflict is not None
    shown = ", ".join(lines.safe(one) for one in plan.paths[:PATHS_SHOWN])
    more = f" and {len(plan.paths) - PATHS_SHOWN} more" if len(plan.paths) > PATHS_SHOWN else ""
    return NightrunError(
        f"Reverting {_named(plan.conflict)} conflicts with later changes in {shown}{more}. Nothing was undone.",
        undoing.by_hand([one.commit.sha[:10] for one in plan.steps], plan.conflict.sha[:10]),
    )


def _said(plan: Plan, *, done: bool) -> dict[str, Any]:
    state = "conflict" if plan.conflict else "nothing" if not plan.steps else "done" if done else "planned"
    return {
        "state": state,
        "target": plan.target,
        "reverts": [{**_json(one.commit), "reverted_by": one.revert} for one in plan.steps],
        "already": [{**_json(one), "reverted_by": by} for one, by in plan.already],
        "gone": [_json(one) for one in plan.gone],
        "conflict": {**_json(plan.conflict), "paths": list(plan.paths)} if plan.conflict else None,
    }


def _json(commit: Commit) -> dict[str, Any]:
    from nightrun.decisions import undoing

    return {"commit": commit.sha, "task": undoing.task_of(commit), "subject": commit.subject}
