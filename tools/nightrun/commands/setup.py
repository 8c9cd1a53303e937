"""Install the git hooks of this repository; safe to repeat."""

from __future__ import annotations

from pathlib import Path

import click

from nightrun.commands.options import repo_option


@click.command("setup")
@click.option(
    "--into-hooks-path",
    is_flag=True,
    help="Install into the folder that core.hooksPath names, where other repositories may see the hooks too.",
)
@repo_option
def command(root: Path, into_hooks_path: bool) -> None:
    """Install the git hooks of this repository; safe to repeat.

    The commit-msg hook refuses malformed [pipeline] messages, the pre-push hook every push that nobody allowed. A hook
    that is there already is kept and still runs. The policy is written into the hooks: run this again when the types
    that commit, the subject length or `push.block` change.

    git is told to make what it writes here durable (core.fsync), unless you chose something else.

    \b
    Examples:
      nightrun setup
      nightrun setup --repo ~/src/project
      nightrun setup --into-hooks-path
    """
    from nightrun.hands import git_durable, hooks, pre_commit  # kept from `--help`, which has to be quick

    values = hooks.values_for(root)
    # pre-commit writes its file first: what is installed last is what git runs.
    checks = pre_commit.install(root)
    if checks:
        click.echo(checks)
    for line in (*hooks.install(root, values, into_hooks_path=into_hooks_path), *git_durable.harden(root)):
        click.echo(line)
