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
@repo_option
@json_option
def command(root: Path, once: bool, as_json: bool) -> None:
    """Watch the pipeline live; `q` or Ctrl-C ends the view, not the run.

    Where the output is no terminal, or with --once, one page is printed.

    \b
    Examples:
      nightrun monitor
      nightrun monitor --once
      nightrun monitor --json
    """
    from nightrun.flows import sight  # kept from `--help`, which has to be quick

    if as_json:
        click.echo(json.dumps(sight.now(root)))
    elif once or not sys.stdout.isatty():
        for text, _ in status.rows(sight.now(root)):
            click.echo(text)
    else:
        _live(root)


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
