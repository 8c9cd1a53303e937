"""Watch the pipeline live; one page when the output is no terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands import status
from nightrun.commands.options import json_option, repo_option

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

EVERY_S = 1.5
QUIT = "q"
STYLES = {"good": "green", "bad": "red", "dim": "dim", "heading": "bold"}


@click.command("monitor")
@click.option("--once", is_flag=True, help="Print one page and end.")
@click.option(
    "--replay",
    "history",
    metavar="HISTORY",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Print what the conditions would have said to this history, with the settings of pipeline.yaml.",
)
@click.option("--history", "recorded", is_flag=True, help="Print the tasks that ended, as a HISTORY for --replay.")
@repo_option
@json_option
def command(root: Path, once: bool, history: Path | None, recorded: bool, as_json: bool) -> None:
    """Watch the pipeline live; `q` or Ctrl-C ends the view, not the run.

    Where the output is no terminal, or with --once, one page is printed.

    A HISTORY is a file of JSON, of JSON lines or of YAML: tasks that ended (what GET /api/agent/tasks answers, or
    `{"at": "2026-01-31T08:00:00Z", "status": "failed"}` and more fields of a task), or snapshots (what GET
    /api/agent/snapshot answers), or a series: `{"start": "2026-01-31", "every": "3h", "results": "C*20 F*5 S*3"}`,
    where C is completed, F failed in a way of its own, and S failed in the same way as every other S.

    \b
    Examples:
      nightrun monitor
      nightrun monitor --once
      nightrun monitor --json
      nightrun monitor --history > last-week.jsonl
      nightrun monitor --replay last-week.jsonl
    """
    from nightrun.flows import sight  # kept from `--help`, which has to be quick

    if history is not None:
        _replay(root, history, as_json)
    elif recorded:
        _recorded(root)
    elif as_json:
        click.echo(json.dumps(sight.now(root, start=True)))
    elif once or not sys.stdout.isatty():
        for text, _ in status.rows(sight.now(root, start=True)):
            click.echo(text)
    else:
        _live(root)


def _replay(root: Path, history: Path, as_json: bool) -> None:
    from nightrun.decisions import lines
    from nightrun.flows import replay

    found = replay.of_file(root, history)
    if as_json:
        click.echo(json.dumps(found.to_json()))
        return
    for one in found.events:
        name = " ".join(part for part in (one.condition, one.fingerprint) if part)
        heal = " (asks for a heal)" if one.heal else ""
        said = lines.safe(f"{one.severity}: {name}: {one.message}{heal}", 400)
        click.echo(f"{lines.at(one.at)}  {one.what:<11}  {said}")
    fired = sum(one.what != "resolved" for one in found.events)
    click.echo(f"{lines.count(found.looks, 'look')}, {fired} fired, {len(found.events) - fired} resolved")


def _recorded(root: Path) -> None:
    from nightrun.flows import api_alone, replay

    with api_alone.answering(root) as client:
        for one in replay.recorded(client):
            click.echo(json.dumps(one, ensure_ascii=False))


def _live(root: Path) -> None:
    from rich.console import Console
    from rich.live import Live

    from nightrun.flows import sight
    from nightrun.hands import keyboard

    console = Console(highlight=False, markup=False)
    try:
        with keyboard.single_keys(), Live(console=console, screen=True, auto_refresh=False) as live:
            key = ""
            while key != QUIT:
                live.update(_text(sight.now(root), console), refresh=True)
                key = keyboard.pressed(EVERY_S)
    except KeyboardInterrupt:
        return


def _text(facts: dict[str, object], console: Console) -> Text:
    from rich.text import Text

    shown = status.rows(facts, console.width)[: max(1, console.height - 2)]
    text = Text(no_wrap=True, overflow="ellipsis")
    for row, tone in shown:
        text.append(row + "\n", STYLES.get(tone))
    text.append("\nq ends this view, the run goes on", "dim")
    return text
