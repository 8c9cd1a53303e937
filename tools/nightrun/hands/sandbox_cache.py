"""What sandboxed programs download once and find again: bounded, and emptied also while some of them run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from nightrun.decisions import sandbox_home
from nightrun.hands import clock, files
from nightrun.hands.state_dir import StateDir
from nightrun.words.sandbox import AGENT, GATE

NAME = "cache"  # folder of the state folder
ROOMS = "rooms"  # folder of the state folder; a room is made when a program begins, and removed when it ended
_ASIDE = "aside"  # below NAME: what was emptied while programs used it
_LOOKED = ".looked"


def folder(state: StateDir, kind: str) -> Path:
    """Of agents or of gates; made when it is not there. Runners that begin at once make it at once."""
    found = state.path / NAME / kind
    for name in ("", *(f"home/{one}" for one in sandbox_home.CACHES)):
        if not (found / name).is_dir():
            (found / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def folders(state: StateDir) -> list[Path]:
    """Those that are there."""
    return [path for kind in (AGENT, GATE) if (path := state.path / NAME / kind).is_dir()]


def is_due(state: StateDir, every_s: float) -> bool:
    """Whether nobody has looked for so long; whoever asks is taken to look now. The clock may have been set back."""
    stamp = state.path / NAME / _LOOKED
    try:
        if 0 <= clock.now() - stamp.stat().st_mtime < every_s:
            return False
    except FileNotFoundError:
        if not stamp.parent.is_dir():
            return False
    stamp.touch()
    return True


def empty(state: StateDir, path: Path) -> bool:
    """Programs that run keep what they have, the next ones find it empty; whether all of it is gone by now."""
    aside = state.path / NAME / _ASIDE
    aside.mkdir(mode=0o700, exist_ok=True)
    fresh = aside / f"{path.name}-{os.getpid()}.new"
    fresh.mkdir(mode=0o700)
    path.rename(aside / f"{path.name}-{_now_ns()}")
    fresh.rename(path)  # a program that begins just now must find a folder
    folder(state, path.name)
    return clear_aside(state)


def clear_aside(state: StateDir) -> bool:
    """Remove what was put aside before the oldest program that runs began; whether nothing is left of it."""
    begun = [_began(one) for one in (state.path / ROOMS).glob("*")]
    gone = True
    for path in _aside(state):
        at = path.name.rpartition("-")[2]
        is_used = at.isdecimal() and any(one <= int(at) for one in begun)
        gone = not is_used and files.remove_tree(path) and gone
    return gone


def _aside(state: StateDir) -> Iterator[Path]:
    return (state.path / NAME / _ASIDE).glob("*")


def _began(room: Path) -> int:
    try:
        return room.stat().st_mtime_ns
    except FileNotFoundError:  # it ended meanwhile
        return _now_ns() + 1


def _now_ns() -> int:
    return int(clock.now() * 1e9)
