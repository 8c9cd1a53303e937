"""Write and print the report of the last hours, failures first."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.commands.status import STYLES
from nightrun.words import quantity
from nightrun.words.errors import WrongUse

if TYPE_CHECKING:
    from nightrun.decisions.report import Report


@click.command("report")
@click.option("--since", default="12h", show_default=True, help="How far back, such as 12h or 7d.")
@repo_option
@json_option
def command(root: Path, since: str, as_json: bool) -> None:
    """Write and print the report of the last hours, failures first.

    Each line has the command beside it that shows more. The report is kept as Markdown and as a web page in
    .pipeline/reports. Works after the run, too: it starts the API for the question.

    \b
    Examples:
      nightrun report
      nightrun report --since 7d
      nightrun report --json
    """
    if not as_json:
        write_and_print(root, _seconds(since))
        return
    made, until = _make(root, _seconds(since))
    files = {path.suffix[1:]: str(path) for path in _keep(root, made, until)}
    click.echo(json.dumps({**asdict(made), "files": files}))


def write_and_print(root: Path, seconds: float) -> None:
    """The report of the last `seconds`."""
    made, until = _make(root, seconds)
    _print(made, _keep(root, made, until))


def _seconds(since: str) -> float:
    try:
        return quantity.seconds(since)
    except ValueError as error:
        raise WrongUse(f"--since {since}: {error}.", "For example: --since 12h (with make: SINCE=12h).") from None


def _make(root: Path, seconds: float) -> tuple[Report, float]:
    from nightrun.decisions import report
    from nightrun.flows import sight
    from nightrun.hands import clock

    facts = sight.span(root, clock.now() - seconds)
    return report.make(facts), float(facts["until"])


def _keep(root: Path, made: Report, until: float) -> list[Path]:
    """One report for a day; a later one of the same day takes its place."""
    from nightrun.decisions import report, report_html
    from nightrun.hands import files
    from nightrun.hands.state_dir import StateDir

    day = f"{datetime.fromtimestamp(until, UTC).astimezone():%Y-%m-%d}"
    folder = StateDir(root).create().reports
    markdown = report.markdown(made)
    texts = {".md": markdown, ".html": report_html.page(markdown, made.title)}
    for suffix, text in texts.items():
        files.write(folder / f"{day}{suffix}", text)
    return [folder / f"{day}{suffix}" for suffix in texts]


def _print(made: Report, kept: list[Path]) -> None:
    from nightrun.decisions import lines

    click.echo(click.style(made.title, **STYLES["heading"]))
    for text, tone in lines.rows(made.sections):
        click.echo(click.style(text, **STYLES.get(tone, {})))
    click.echo("\n" + "\n".join(f"written: {path}" for path in kept))
