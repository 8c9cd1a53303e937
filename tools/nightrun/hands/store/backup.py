"""Copies of the database, made while it is in use, and the proof that one can be read (reliability.md D4).

Through SQLite only: opening the file by itself in the process that holds it would drop SQLite's locks.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from pathlib import Path
from urllib.parse import quote

from nightrun.hands import clock, files
from nightrun.hands.store.database import Database
from nightrun.words.errors import NightrunError

KEPT = 24
MOST_BYTES = 1 << 30  # of all together; the newest two stay whatever they take
NAMES = "pipeline-*.db"
_LEAST_FREE = 64 << 20  # bytes, beside the copy itself


def kept(folder: Path) -> list[Path]:
    """Oldest first: their names are times."""
    return sorted(folder.glob(NAMES))


def make(database: Path, folder: Path, stamp: str) -> Path:
    """A copy as of now, whole or not at all. NightrunError when there is no room or no copy could be made."""
    folder.mkdir(mode=0o700, exist_ok=True)
    size = database.stat().st_size
    if clock.disk_free(folder) < size + _LEAST_FREE:
        raise NightrunError(f"There is no room for a copy of the database in {folder}.")
    new, place = folder / ".pipeline.new", folder / f"pipeline-{stamp}.db"
    new.unlink(missing_ok=True)
    try:
        with contextlib.closing(_reader(database)) as connection:
            connection.execute("VACUUM INTO ?", (str(new),))
        new.chmod(0o600)
        files.sync(new)
        new.replace(place)
        files.sync_folder(folder)
    except sqlite3.Error as error:
        new.unlink(missing_ok=True)
        raise NightrunError(f"The database could not be copied: {error}.") from error
    _forget_old(folder)
    return place


def problems(database: Path) -> list[str]:
    """What is wrong with a file that may be in use; empty when nothing is."""
    try:
        with contextlib.closing(_reader(database)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(10)").fetchall()]
    except sqlite3.Error as error:
        return [str(error)]
    return [] if said == ["ok"] else said


def tried(copy: Path) -> list[str]:
    """The same for a copy, put in place in a scratch folder as a person would and opened as nightrun opens it."""
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".try-") as scratch:
        place = Path(scratch) / "pipeline.db"
        shutil.copyfile(copy, place)
        try:
            Database(place).close()
        except NightrunError as error:
            return [error.message]
        return problems(place)


def _reader(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, isolation_level=None)


def _forget_old(folder: Path) -> None:
    newest_first = kept(folder)[::-1]
    total = 0
    for number, path in enumerate(newest_first):
        total += path.stat().st_size
        if number >= KEPT or (number >= 2 and total > MOST_BYTES):
            path.unlink(missing_ok=True)
