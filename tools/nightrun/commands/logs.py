"""Print what the agent of a task printed."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from nightrun.commands.options import client_for, repo_option
from nightrun.words.errors import NightrunError, TryLater
from nightrun.words.task import ID_PATTERN, RUNNING

LOOK_S = 0.3
ASK_S = 5.0  # between two questions whether the attempt still runs
SUGGESTED = 3


@click.command("logs")
@click.argument("task", metavar="ID")
@click.option("--attempt", type=click.IntRange(min=1), help="Which attempt; the last one unless given.")
@click.option("--follow", is_flag=True, help="Go on printing until the attempt ends.")
@click.option("--path", "as_path", is_flag=True, help="Print where the log lies instead.")
@repo_option
def command(root: Path, task: str, attempt: int | None, follow: bool, as_path: bool) -> None:
    """Print what the agent of a task printed.

    Works from the files, so also when nothing runs. Colours stay in a terminal, other escape sequences never do.

    \b
    Examples:
      nightrun logs ID
      nightrun logs ID --attempt 1
      nightrun logs ID --follow
    """
    path = _log(root, task, attempt)
    if as_path:
        click.echo(path)
        return
    said = False
    for piece in _growing(root, task, path) if follow else [path.read_bytes()]:
        _show(piece)
        said |= bool(piece.strip())
    if not said:
        click.echo(_silent(root, task, path), err=True)


def _silent(root: Path, task: str, path: Path) -> str:
    number = int(path.stem.rpartition(".")[2])
    others = [one for one, log in sorted(_logs(root)[task].items()) if one != number and log.stat().st_size]
    more = f" There are logs of attempt {', '.join(map(str, others))}: --attempt N." if others else ""
    return f"nightrun: Attempt {number} of task {task} printed nothing.{more}"


def _show(piece: bytes) -> None:
    from nightrun.decisions import terminal_text

    clean = terminal_text.coloured if sys.stdout.isatty() else terminal_text.plain
    click.echo(clean(piece.decode(errors="replace")), nl=False, color=True)


def _log(root: Path, task: str, attempt: int | None) -> Path:
    logs = _logs(root)
    if task not in logs:
        raise _unknown(root, task, list(logs))
    number = attempt or max(logs[task])
    if number not in logs[task]:
        known = ", ".join(str(one) for one in sorted(logs[task]))
        raise NightrunError(f"Task {task} has no log of attempt {number}.", f"There are logs of attempt {known}.")
    return logs[task][number]


def _logs(root: Path) -> dict[str, dict[int, Path]]:
    """Task id -> attempt -> file."""
    from nightrun.hands.state_dir import StateDir

    found: dict[str, dict[int, Path]] = {}
    for path in StateDir(root).task_logs.glob("*.log"):
        task, _, number = path.stem.rpartition(".")
        if ID_PATTERN.fullmatch(task) and number.isdecimal():
            found.setdefault(task, {})[int(number)] = path
    return found


def _unknown(root: Path, task: str, known: list[str]) -> NightrunError:
    try:
        status = client_for(root).task(task).status
    except NightrunError:
        close = [one for one in sorted(known, reverse=True) if one.startswith(task)][:SUGGESTED]
        close = close or difflib.get_close_matches(task, known, n=SUGGESTED)
        hint = f"Did you mean {' or '.join(close)}?" if close else "`make status` shows the ids."
        return NightrunError(f"There is no log of a task {task!r}.", hint)
    return TryLater(f"Task {task} is {status} and has no log yet.")


def _growing(root: Path, task: str, path: Path) -> Iterator[bytes]:
    """Whole lines as they come, until the attempt is over and all of it was read."""
    from nightrun.hands import clock

    rest, next_question, runs = b"", 0.0, True
    with path.open("rb") as file:
        while runs:
            if clock.monotonic() >= next_question:
                runs, next_question = _still_runs(root, task, path), clock.monotonic() + ASK_S
            whole, end, rest = (rest + file.read()).rpartition(b"\n")
            yield whole + end
            sys.stdout.flush()
            if runs:
                clock.sleep(LOOK_S)
        yield rest


def _still_runs(root: Path, task: str, path: Path) -> bool:
    try:
        found = client_for(root).task(task)
    except NightrunError:
        return False
    return found.status == RUNNING and path.stem == f"{task}.{found.attempt}"
