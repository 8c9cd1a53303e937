"""Add a task."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from nightrun.commands.options import json_option, repo_option
from nightrun.words.errors import NightrunError, WrongUse
from nightrun.words.task import TASK_TYPES

if TYPE_CHECKING:
    from nightrun.words.task import Task

# What fits with everything around it into the 1 MiB that the API takes (DESIGN section 8).
MOST_BYTES = 1_000_000
HOW = "nightrun task --type impl --direction '...' (make task TYPE=impl DIRECTION='...')."


def _known(value: str, names: Collection[str], what: str) -> str:
    if value in names:
        return value
    import difflib  # only for a mistake

    close = difflib.get_close_matches(value.lower(), names, n=1)
    meant = f"; did you mean {close[0]!r}?" if close else "."
    raise WrongUse(f"There is no {what} {value!r}{meant}", f"There are: {', '.join(names)}.")


def _task_type(context: click.Context, option: click.Parameter, value: str) -> str:
    return _known(value, TASK_TYPES, "task type")


@click.command("task")
@click.option("--type", "task_type", required=True, callback=_task_type, help=f"One of {', '.join(TASK_TYPES)}.")
@click.option("--direction", help="What the agent is to do; - reads it from standard input.")
@click.option("--file", type=click.File("rb"), help="A file that holds the direction.")
@click.option("--priority", type=click.IntRange(-1000, 1000), default=0, help="Higher is taken first; 0 unless given.")
@click.option("--after", multiple=True, metavar="ID", help="A task that must have landed before; may be repeated.")
@click.option("--agent", help="Who is to do it; what the policy says unless given.")
@click.option("--model", help="The model that the agent is told to use.")
@repo_option
@json_option
def command(
    root: Path,
    task_type: str,
    direction: str | None,
    file: BinaryIO | None,
    priority: int,
    after: tuple[str, ...],
    agent: str | None,
    model: str | None,
    as_json: bool,
) -> None:
    """Add a task.

    The direction reaches the agent as it is: quotes, line ends and backticks included. Works while nothing runs, too.

    \b
    Examples:
      nightrun task --type impl --direction 'Add a --json option to the export command'
      nightrun task --type spec --direction - < notes.md
      nightrun task --type test --file directions/load.md --after ID --priority 5
    """
    text = _direction(direction, file)
    if agent is not None:
        _check_agent(root, agent)
    from nightrun.flows import api_alone  # kept from `--help`, which has to be quick

    fields = {"priority": priority, "depends_on": list(after), "agent": agent, "model": model}
    task, pauses = api_alone.add(root, text, task_type, **fields)
    click.echo(json.dumps(asdict(task)) if as_json else f"{_name(task)} was added. {_next(root, task, pauses)}")


def _direction(direction: str | None, file: BinaryIO | None) -> str:
    if (direction is None) == (file is None):
        much = "missing" if file is None else "given twice"
        raise WrongUse(f"The direction is {much}.", HOW)
    source = sys.stdin.buffer if direction == "-" else file
    text = _read(source) if source is not None else str(direction)
    if not text.strip():
        raise WrongUse("The direction is empty.", HOW)
    size = len(json.dumps(text, ensure_ascii=False).encode(errors="surrogatepass"))
    if size > MOST_BYTES:
        raise WrongUse(
            f"The direction is too long: {size:,} bytes or more, a task takes {MOST_BYTES:,}.",
            "Put the long part into a file of the repository, and name that in the direction.",
        )
    return text


def _read(source: BinaryIO) -> str:
    try:
        return source.read(MOST_BYTES + 1).decode()
    except UnicodeDecodeError as error:
        raise WrongUse(f"The direction is not UTF-8 text (byte {error.start}).", "Save it as UTF-8.") from None
    except OSError as error:
        raise NightrunError(f"The direction cannot be read: {error.strerror}.") from error


def _check_agent(root: Path, agent: str) -> None:
    """A misspelt name would wait for ever. A policy that is not valid is not this command's business."""
    from nightrun.agents import BY_NAME
    from nightrun.hands import policy_file

    own: Collection[str] = ()
    try:
        own = policy_file.load(root).agents
    except NightrunError:
        own = ()
    _known(agent, list(dict.fromkeys(["auto", *BY_NAME, *own])), "agent")


def _name(task: Task) -> str:
    from nightrun.decisions import lines

    return lines.title(asdict(task))


def _next(root: Path, task: Task, pauses: list[dict[str, Any]]) -> str:
    """What happens now."""
    from nightrun.decisions import lines
    from nightrun.flows import sight

    if task.waiting_reason:
        return f"It {lines.safe(task.waiting_reason)}."
    if not sight.running(root):
        return "Nothing runs here: `make autonomous` starts the work."
    paused = [one for one in pauses if one["scope"] == "intake"]
    if paused:
        return f"No tasks are taken now ({lines.safe(paused[0]['reason'])}): `make resume`."
    return "It is worked on as soon as a runner is free: `make monitor`."
