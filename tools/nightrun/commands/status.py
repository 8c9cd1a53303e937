"""Show on one page how it stands now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from nightrun.commands.options import json_option, repo_option

STYLES: dict[str, dict[str, Any]] = {
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "dim": {"dim": True},
    "heading": {"bold": True},
}


@click.command("status")
@repo_option
@json_option
def command(root: Path, as_json: bool) -> None:
    """Show on one page how it stands now.

    What needs you, what is going well, what runs and waits, what was done last, also when no run is up. When the API of
    a run does not answer it says so, and shows what the files say.

    \b
    Examples:
      nightrun status
      nightrun status --json
    """
    from nightrun.flows import sight  # kept from `--help`, which has to be quick

    facts = sight.now(root, start=True)
    if as_json:
        click.echo(json.dumps(facts))
    else:
        for text, tone in rows(facts):
            click.echo(click.style(text, **STYLES.get(tone, {})))


def rows(facts: dict[str, object], width: int | None = None) -> list[tuple[str, str]]:
    """The page as rows of text with their tone."""
    from nightrun.decisions import lines, page

    made = page.make(facts)
    head = [(row, made.headline.tone) for row in lines.wrapped(made.headline.text, width)]
    if made.headline.command:
        head.append((f"    {made.headline.command}", lines.DIM))
    return [*head, *lines.rows(made.sections, width)]
