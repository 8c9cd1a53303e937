"""Run the gate again on recorded commits, and compare with what they claim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nightrun.commands.options import json_option, repo_option

if TYPE_CHECKING:
    from nightrun.decisions.verifying import Verdict


@click.command("verify")
@click.argument("range", metavar="[BASE..HEAD]", required=False)
@click.option("--no-run", is_flag=True, help="Only compare what is recorded; run no gate.")
@repo_option
@json_option
@click.pass_context
def command(context: click.Context, root: Path, range: str | None, no_run: bool, as_json: bool) -> None:
    """Run the gate again on recorded commits, and compare with what they claim.

    Of each commit of the pipeline in BASE..HEAD (a single name is that one commit; without one, the last 24 hours of
    the target branch): exactly one Pipeline-Task, a gate about exactly this tree, a gate that the policy has or had,
    and what that gate says now, in a fresh worktree. Exit code 1 when a claim does not hold, 75 when one could not
    be checked here.

    \b
    Examples:
      nightrun verify
      nightrun verify main~5..main
      nightrun verify 1a2b3c4d --no-run
    """
    from nightrun.decisions import verifying  # kept from `--help`, which has to be quick
    from nightrun.flows import verifying as flow

    found = flow.verify(root, range or None, run=not no_run, told=lambda text: click.echo(text, err=True))
    if as_json:
        click.echo(json.dumps({"holds": verifying.exit_code(found) == 0, "commits": [_said(one) for one in found]}))
    elif not found:
        click.echo("There is no commit of the pipeline in that range.")
    else:
        click.echo("\n".join([*verifying.table(found), "", verifying.summary(found)]))
    context.exit(verifying.exit_code(found))


def _said(one: Verdict) -> dict[str, Any]:
    claim, found = one.claim, one.found
    return {
        "commit": claim.commit.sha,
        "subject": claim.commit.subject,
        "task": claim.task,
        "task_type": claim.task_type,
        "claimed": claim.gate,
        "found": {
            "result": found.result,
            "flaky": found.flaky,
            "seconds": round(found.seconds, 2),
            "commands": list(found.commands),
            "log": found.log or None,
        },
        "state": one.state,
        "reasons": list(one.reasons),
    }
