"""Show the whole loop on a scratch repository, in about a minute."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from nightrun.commands import report

INTERRUPTED = 130
LOOK_S = 0.1  # between two looks of the supervisor: tasks take less than a second here, and each move is to be seen


@click.command("demo")
def command() -> int:
    """Show the whole loop on a scratch repository, in about a minute.

    Makes a small repository with tests, a gate and a backlog in a temporary folder, and runs the real supervisor, API,
    runner and monitor on it until nothing is left to do. The agents are embedded: no model, no account, no network.
    One item is repaired at its second attempt. One can never pass: it leads to an issue, and that to a heal task, which
    suggests a new item. Ends with the git log and the report; exit code 0 when everything happened as it should. The
    scratch repository stays, your own is not touched.
    """
    from nightrun.flows import demo  # kept from `--help`, which has to be quick
    from nightrun.hands import clock

    demo.seal()
    folder = demo.new_folder()
    click.echo(f"demo repository: {folder / demo.NAME}")
    root = demo.make(folder)
    before, begun = demo.items(root), clock.now()
    click.echo(f"{len(before)} items of work are in its backlogs; one of them cannot be done, on purpose.\n")
    code = _run(root)
    if code == INTERRUPTED:
        click.echo(f"interrupted; the repository stays: {root}")
        return code
    seen = demo.look(root, before, code)
    click.echo(f"\n$ git log --oneline\n{demo.log(root)}")
    click.echo("\n$ nightrun report")
    report.write_and_print(root, clock.now() - begun)
    demo.check(seen)
    _end(root, folder, demo.summary(seen))
    return 0


def _run(root: Path) -> int:
    from nightrun.flows import supervisor_start
    from nightrun.flows.supervisor import Pace

    asked = supervisor_start.Asked(runners=1, until_idle=True)
    return supervisor_start.run(root, asked, click.echo, Pace(tick=LOOK_S, story=LOOK_S))


def _end(root: Path, folder: Path, lines: list[str]) -> None:
    click.echo("\nEverything happened as it should:")
    click.echo("\n".join(f"  {one}" for one in lines))
    click.echo(f"\nThe repository stays; look at it: git -C {shlex.quote(str(root))} show")
    click.echo(f"When you have seen enough: rm -r {shlex.quote(str(folder))}")
    click.echo("Then your own: make adopt REPO=~/src/project")
