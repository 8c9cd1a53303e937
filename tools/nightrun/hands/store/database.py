"""One connection to the database file, with the rules every connection has (reliability.md D1, D2, D12)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nightrun.hands.store import file_system, schema
from nightrun.hands.store.refusals import StoreAway
from nightrun.words.errors import NightrunError

OLDEST_SQLITE = (3, 35, 0)  # RETURNING
WAL_TOO_LARGE = 64 << 20  # bytes
BUSY_MS = 5000

_PRIMARY = 0xFF  # of an extended result code
_BAD = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Row = dict[str, Any]
Params = Mapping[str, Any]

# Pragma, and the answer that says it is on. synchronous 2 is FULL: a power cut loses nothing acknowledged (D1).
_RULES = (
    ("journal_mode=WAL", "journal_mode", "wal"),
    ("synchronous=FULL", "synchronous", 2),
    (f"busy_timeout={BUSY_MS}", "busy_timeout", BUSY_MS),
    ("foreign_keys=ON", "foreign_keys", 1),
    ("wal_autocheckpoint=1000", "wal_autocheckpoint", 1000),
    (f"journal_size_limit={WAL_TOO_LARGE}", "journal_size_limit", WAL_TOO_LARGE),
)


class Database:
    """All SQL goes through here. `problem` is why the last use failed, None when it worked.

    `is_suspect`: SQLite spoke of an I/O error or of damage, and nobody has checked the file since.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem: str | None = None
        self.is_suspect = False
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._check_machine()
        with self._watched():
            self._open()

    # -- reading

    def all(self, sql: str, params: Params | None = None) -> list[Row]:
        with self._watched():
            # Every row at once: an unfinished cursor is a reader that holds back the checkpoint (D2).
            return [dict(row) for row in self._open().execute(sql, params or {}).fetchall()]

    def one(self, sql: str, params: Params | None = None) -> Row | None:
        rows = self.all(sql, params)
        return rows[0] if rows else None

    def value(self, sql: str, params: Params | None = None) -> Any:
        """The first column of the first row, None without a row."""
        row = self.one(sql, params)
        return next(iter(row.values())) if row else None

    # -- writing

    @contextmanager
    def write(self) -> Iterator[None]:
        """One short transaction that has the write lock from its start; everything in it happens or nothing."""
        with self._watched():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if self._connection is connection and connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        self.problem = None

    def run(self, sql: str, params: Params | None = None) -> int:
        """Change rows; the number of rows changed."""
        with self._watched():
            return self._open().execute(sql, params or {}).rowcount

    # -- upkeep

    def shrink_log(self) -> None:
        """Fold a write-ahead log that grew too large back into the file; a reader that is in the way is not waited
        for, since nobody would be answered meanwhile (D3)."""
        if self.log_bytes() <= WAL_TOO_LARGE:
            return
        self.all("PRAGMA busy_timeout=0")
        try:
            self.all("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.all(f"PRAGMA busy_timeout={BUSY_MS}")

    def log_bytes(self) -> int:
        """Of the write-ahead log, seen from outside."""
        try:
            return self.path.with_name(self.path.name + "-wal").stat().st_size
        except OSError:
            return 0

    def is_there(self) -> bool:
        """Whether the file is still the one that was opened, and was not deleted or replaced."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    def close(self) -> None:
        """Everything into the one file; afterwards nothing but it is left."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with self._watched():
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                connection.close()

    # -- the connection

    def _check_machine(self) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise NightrunError(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed.")
        kind = file_system.network_kind(self.path)
        if kind:
            raise NightrunError(
                f"The state folder {self.path.parent} is on a network file system ({kind}).",
                "SQLite loses data there. Work in a clone of the repository on a local disk.",
            )

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(self.path, isolation_level=None)
            connection.row_factory = sqlite3.Row
            _set_rules(connection)
            schema.migrate(connection)
            self.path.chmod(0o600)
            self._inode = self.path.stat().st_ino
            self._connection = connection
        return self._connection

    @contextmanager
    def _watched(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            self._drop(error)
            raise StoreAway(f"The database cannot be used now: {error}.") from error
        except sqlite3.DatabaseError as error:
            self._drop(error)
            raise StoreAway(f"The database is damaged: {error}.") from error

    def _drop(self, error: sqlite3.Error) -> None:
        """After an error the outcome is unknown: close, and read again by key with a new connection (D12)."""
        self.problem = str(error)
        self.is_suspect = self.is_suspect or error.sqlite_errorcode & _PRIMARY in _BAD
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def _set_rules(connection: sqlite3.Connection) -> None:
    for rule, name, wanted in _RULES:
        connection.execute(f"PRAGMA {rule}").fetchall()
        got = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if got != wanted:
            raise NightrunError(f"SQLite does not accept {rule} for the state folder: it answers {got!r}.")
