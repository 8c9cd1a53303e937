"""Check the messages of commits that no hook has seen."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from nightrun.commands.options import json_option, repo_option

REFUSED = 1
SUBJECT_SHOWN = 60


@dataclass(frozen=True)
class Refused:
    commit: str
    subject: str
    reason: str


@click.command("check-messages")
@click.argument("range", metavar="BASE..HEAD")
@repo_option
@json_option
@click.pass_context
def command(context: click.Context, root: Path, range: str, as_json: bool) -> None:
    """Check the messages of commits that no hook has seen.

    Cherry-picks, reverts, rebases, `git am`, `--no-verify` and plumbing never run the commit-msg hook. This asks the
    same hook about every commit of BASE..HEAD; exit code 1 when it refuses one.

    \b
    Examples:
      nightrun check-messages origin/main..HEAD
      nightrun check-messages v1.0..main --json
    """
    from nightrun.hands import git  # kept from `--help`, which has to be quick

    commits = git.messages(root, range)
    refused = _refused(root, commits)
    if as_json:
        click.echo(json.dumps({"checked": len(commits), "refused": [asdict(one) for one in refused]}))
    else:
        _show(refused, len(commits))
    context.exit(REFUSED if refused else 0)


def _refused(root: Path, commits: list[tuple[str, bytes]]) -> list[Refused]:
    from nightrun.decisions import message_grammar
    from nightrun.hands import hooks

    values = hooks.values_for(root)
    found = []
    for sha, message in commits:
        if message_grammar.is_plainly_fine(message, values):
            continue
        reason = hooks.refusal(message, values)
        if reason is not None:
            found.append(Refused(sha, _subject(message), reason))
    return found


def _subject(message: bytes) -> str:
    line = message.lstrip(b"\n").partition(b"\n")[0].decode(errors="replace")
    return "".join(c if c.isprintable() else "�" for c in line)


def _show(refused: list[Refused], checked: int) -> None:
    for one in refused:
        subject = one.subject if len(one.subject) <= SUBJECT_SHOWN else one.subject[: SUBJECT_SHOWN - 1] + "…"
        click.echo(f"{one.commit[:12]}  {subject or '(empty)'}\n              {one.reason}")
    commits = "one commit" if checked == 1 else f"{checked} commits"
    click.echo(f"{commits} checked, {len(refused) or 'none'} refused")
