"""A drill from its beginning to its end: the clone, the attempts, the table, and the proof that nothing was touched."""

from __future__ import annotations

import secrets
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from nightrun import drills
from nightrun.decisions.drill import Row
from nightrun.drills import fills
from nightrun.drills.found import Drill
from nightrun.flows import drill_run, drill_scene
from nightrun.hands import clock, git_trust, http_remote, repository_mark, state_file
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import WrongUse

USER = "owner"  # of the remote over HTTP


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the person asked for on the command line."""

    only: tuple[str, ...] = ()  # names of drills, or beginnings of them; empty: all
    sandbox: str | None = None  # None: as the policy says
    keep: bool = False


@dataclass(frozen=True, kw_only=True)
class Done:
    """What came of it. `touched`: parts of the person's repository that are not as before."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    sandboxed: bool
    touched: tuple[str, ...]
    compared: tuple[str, ...]
    seconds: float
    folder: Path | None  # what was kept to look at


def chosen(only: Sequence[str]) -> list[Drill]:
    """The drills with these names, else those whose names begin so; WrongUse when there is none."""
    wanted = {one.name for name in only for one in _meant(name)}
    return [one for one in drills.ALL if not only or one.name in wanted]


def _meant(name: str) -> list[Drill]:
    if name in drills.BY_NAME:
        return [drills.BY_NAME[name]]
    found = [one for one in drills.ALL if one.name.startswith(f"{name}-")]
    if not found:
        known = ", ".join(one.name for one in drills.ALL)
        raise WrongUse(f"There is no drill {name!r}.", f"There are: {known}")
    return found


def run(own: Path, asked: Asked, *, begin: Callable[[str], None], say: Callable[[Row], None]) -> Done:
    """`begin` is told what is prepared, `say` each row as soon as it is known."""
    wanted, started = chosen(asked.only), clock.monotonic()
    git_trust.check(own)
    before, busy = repository_mark.of(own), _is_worked_on(own)
    with _folder(asked.keep) as folder, _terminable(), _served(folder) as web:
        wanted, scarce = _with_room(wanted, folder)
        scene = drill_scene.make(own, folder, wanted, web, asked.sandbox)
        notes = (*scene.notes, *scarce)
        for note in notes:
            begin(note)
        with drill_run.running(scene, sandboxed=scene.why_no_sandbox is None, say=say) as the_run:
            the_run.together([one for one in wanted if not one.alone])
            for one in wanted:
                if one.alone:
                    the_run.alone(one)
    after = repository_mark.of(own)
    # A run that is at work there, or was, writes by itself.
    compared = ("config", "hooks") if busy or _is_worked_on(own) else tuple(before)
    return Done(
        rows=tuple(the_run.rows),
        notes=notes,
        sandboxed=scene.why_no_sandbox is None,
        touched=tuple(name for name in compared if before[name] != after[name]),
        compared=compared,
        seconds=clock.monotonic() - started,
        folder=folder if asked.keep else None,
    )


def _with_room(wanted: list[Drill], folder: Path) -> tuple[list[Drill], list[str]]:
    """Without those that fill the disk, where that could do harm to others; and what is to be said about it."""
    if clock.disk_free(folder) >= fills.NEEDED:
        return wanted, []
    left = [one for one in wanted if not one.fills]
    names = ", ".join(one.name for one in wanted if one.fills)
    return left, [f"{names} is not tried: less than {fills.NEEDED >> 30} GiB are free on this disk"] if names else []


def _is_worked_on(own: Path) -> bool:
    said = state_file.read_object(StateDir(own).run_json)
    pid, start = said.get("pid"), said.get("start_time")
    return isinstance(pid, int) and isinstance(start, float) and clock.is_same_process(pid, start)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """The address, with name and password, of the remotes that lie in a folder of it."""
    password = secrets.token_hex(16)
    with http_remote.serving(folder / drill_scene.SERVED, USER, password) as address:
        yield address.replace("://", f"://{USER}:{password}@")


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    folder = drill_scene.new_folder()
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends it as Ctrl-C does: everything is cleared up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
