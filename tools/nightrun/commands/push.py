"""Push the target branch yourself, after showing what would leave."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import repo_option
from nightrun.words.errors import NightrunError, TryLater

if TYPE_CHECKING:
    from nightrun.policy.model import Policy

SHOWN = 30
SUBJECT_CHARS = 100


@click.command("push")
@click.option("--yes", is_flag=True, help="Do not ask.")
@repo_option
def command(root: Path, yes: bool) -> None:
    """Push the target branch yourself, after showing what would leave.

    Goes past the push guard for this one push, by the exact commit that was shown. Never forced.

    \b
    Examples:
      nightrun push
      nightrun push --yes
    """
    from nightrun.hands import git  # kept from `--help`, which has to be quick

    remote, branch = _where(root)
    sha = git.tip(root, f"refs/heads/{branch}")
    if sha is None:
        raise NightrunError(f"There is no branch {branch}.", "Set project.target in pipeline.yaml.")
    if remote not in (known := git.remotes(root)):
        others = f"There is {', '.join(known)}; set push.remote in pipeline.yaml." if known else ""
        raise NightrunError(f"There is no remote {remote}.", others or f"git remote add {remote} URL")
    if not _show(root, remote, branch, sha):
        click.echo(f"{remote} has all of {branch}, as far as is known here. Nothing to push.")
        return
    if not yes and not click.confirm(f"Push this to {branch} of {remote}?"):
        click.echo("Nothing was pushed.")
        return
    _say(git.push(root, remote, sha, branch), f"{sha[:10]} to {branch} of {remote}")


def _where(root: Path) -> tuple[str, str]:
    """The remote and the branch that the policy names, else origin and what is checked out."""
    from nightrun.hands import git

    policy = _policy(root)
    branch = policy.project.target or git.current_branch(root)
    if branch is None:
        raise NightrunError("No branch is checked out.", "git switch BRANCH, or set project.target in pipeline.yaml.")
    return policy.push.remote, branch


def _policy(root: Path) -> Policy:
    from nightrun.hands import policy_file
    from nightrun.policy.model import Policy

    return policy_file.load(root) if (root / policy_file.NAME).exists() else Policy()


def _show(root: Path, remote: str, branch: str, sha: str) -> int:
    """How many commits would leave."""
    from nightrun.decisions import lines
    from nightrun.hands import git

    there = git.tip(root, f"refs/remotes/{remote}/{branch}")
    commits = git.messages(root, f"{there}..{sha}" if there else sha)
    for one, message in commits[:SHOWN]:
        subject = message.decode(errors="replace").strip().partition("\n")[0]
        click.echo(f"{one[:10]} {lines.safe(subject, SUBJECT_CHARS)}")
    if len(commits) > SHOWN:
        click.echo(f"... and {len(commits) - SHOWN} more")
    if commits and there is None:
        click.echo(f"{branch} is not known on {remote}: all of its {lines.count(len(commits), 'commit')} would leave.")
    return len(commits)


def _say(pushed: object, what: str) -> None:
    state, detail = getattr(pushed, "state", ""), getattr(pushed, "detail", "")
    if state == "done":
        click.echo(f"Pushed {what}.")
    elif state == "refused":
        raise NightrunError(f"The push was refused: {detail}", "Fetch, bring the branch up to date, and push again.")
    else:
        raise TryLater(f"The push failed: {detail}", "It is safe to try again.")
