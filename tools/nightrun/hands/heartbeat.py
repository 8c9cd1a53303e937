"""Heartbeat files: a part shows that it moves, and whoever watches it sees when it stopped (reliability.md S4)."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from nightrun.hands import clock, state_file


class Heart:
    """The heartbeat of this process. A beat is cheap and not made durable: it only matters while both live."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._counter = 0

    def beat(self) -> None:
        """Never fails: a full disk must not stop the part that would report it."""
        self._counter += 1
        said = json.dumps({"pid": os.getpid(), "counter": self._counter, "at": clock.now()}) + "\n"
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            new.write_text(said)
            new.replace(self._path)
        except OSError:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            with suppress(OSError):
                self._write_in_place(said)

    def _write_in_place(self, said: str) -> None:
        """On a full disk, over what is there: that takes no room. Who reads it just then may find no sense in it."""
        with self._path.open("r+b", buffering=0) as file:
            old = file.seek(0, os.SEEK_END)
            file.seek(0)
            file.write(said.encode().ljust(old))


def read(path: Path) -> tuple[int, int] | None:
    """The pid and the counter that were written last; None when there is nothing that can be read."""
    said = state_file.read_object(path)
    try:
        return int(said["pid"]), int(said["counter"])
    except (TypeError, KeyError, ValueError):
        return None
