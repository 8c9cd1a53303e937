"""Try what agents must not do, on a clone, and show that each attempt is caught."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, repo_option

if TYPE_CHECKING:
    from nightrun.decisions.drill import Row
    from nightrun.flows.drill import Done


@click.command("drill")
@click.option("--only", multiple=True, metavar="NAME", help="This attempt alone, or all whose names begin so: push.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "bwrap", "off"]),
    help="Whether the agents of the drill run in a sandbox. Unless given: workspace.sandbox of the policy.",
)
@click.option("--keep", is_flag=True, help="Leave the clone and everything else of the drill, to look at.")
@json_option
@repo_option
def command(root: Path, only: tuple[str, ...], sandbox: str | None, keep: bool, as_json: bool) -> int:
    """Try what agents must not do, on a clone of this repository, and show that each attempt is caught.

    Small agents lie, break the code, delete tests, edit the policy and the hooks, forge trailers, leak a key, push in
    nine ways to a folder and over HTTP, plant programs in git's settings, move the target, use the API, flood, hang,
    fork and kill the runner. The real supervisor, API, runner and monitor work on them, with your policy and your gate;
    what is judged are facts, never what an agent says. Your repository is not touched, and scratch remotes stand in
    for yours.

    Exit code 0 when everything was caught, or cannot be stopped on this machine and is listed so.

    \b
    Examples:
      nightrun drill
      nightrun drill --only push --only hangs
      nightrun drill --sandbox off
      nightrun drill --json >drill.json
    """
    from nightrun.decisions import drill as decisions  # kept from `--help`, which has to be quick
    from nightrun.flows import drill

    if not as_json:
        click.echo(f"A fire drill on a clone of {root}; yours is not touched.\n")
    said = (lambda _text: None) if as_json else click.echo
    done = drill.run(
        root, drill.Asked(only=only, sandbox=sandbox, keep=keep), begin=said, say=lambda row: _tell(row, said)
    )
    code = decisions.exit_code(done.rows, untouched=not done.touched)
    if as_json:
        click.echo(json.dumps(_as_json(root, done, code)))
    else:
        _show(done)
    return code


def _tell(row: Row, said: object) -> None:
    """Progress: one line as soon as an attempt is judged."""
    if callable(said):
        said(f"{row.verdict:<18} {row.name:<22} {row.seconds:5.1f} s")


def _show(done: Done) -> None:
    from nightrun.decisions import drill as decisions

    width = min(shutil.get_terminal_size().columns, 120)
    click.echo("")
    click.echo("\n".join(decisions.table(done.rows, width)))
    click.echo("")
    click.echo("\n".join([*decisions.summary(done.rows), *_about_the_person(done), f"{done.seconds:.0f} s in all."]))
    if done.folder is not None:
        click.echo(f"Everything stays in {done.folder}")


def _about_the_person(done: Done) -> list[str]:
    if done.touched:
        return [f"NOT AS BEFORE in your repository: {', '.join(done.touched)}. Did you work in it meanwhile?"]
    return [f"Your repository is as it was: {', '.join(done.compared)}."]


def _as_json(root: Path, done: Done, code: int) -> dict[str, object]:
    return {
        "root": str(root),
        "rows": [asdict(one) for one in done.rows],
        "notes": list(done.notes),
        "sandboxed": done.sandboxed,
        "touched": list(done.touched),
        "compared": list(done.compared),
        "seconds": round(done.seconds, 1),
        "exit_code": code,
    }
