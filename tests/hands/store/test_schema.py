from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from nightrun.hands.store import schema
from nightrun.hands.store.database import Database
from nightrun.words.errors import NightrunError


def version(path: Path) -> int:
    return int(sqlite3.connect(path).execute("PRAGMA user_version").fetchone()[0])


def test_a_new_file_gets_the_newest_schema(tmp_path: Path) -> None:
    Database(tmp_path / "x.db").close()
    assert version(tmp_path / "x.db") == len(schema.STEPS)


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    db = Database(tmp_path / "x.db")
    before = db.all("SELECT * FROM sqlite_schema")
    db.close()
    assert Database(tmp_path / "x.db").all("SELECT * FROM sqlite_schema") == before


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(NightrunError) as caught:
        Database(tmp_path / "x.db")
    assert caught.value.message.startswith(
        "The state folder was written by a newer nightrun (schema 99; this one knows"
    )
    assert version(tmp_path / "x.db") == 99


def test_a_step_that_fails_leaves_the_older_schema_whole(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    first = "CREATE TABLE a (x);\n"
    schema.migrate(connection, (first,))
    connection.execute("INSERT INTO a VALUES (7)")
    with pytest.raises(sqlite3.OperationalError):
        schema.migrate(connection, (first, "CREATE TABLE b (x);\n", "CREATE TABLE a (x);\n"))
    assert version(tmp_path / "x.db") == 1
    assert [row[0] for row in connection.execute("SELECT name FROM sqlite_schema")] == ["a"]
    schema.migrate(connection, (first, "CREATE TABLE b (x);\n"))
    assert version(tmp_path / "x.db") == 2
    assert connection.execute("SELECT x FROM a").fetchone() == (7,)


# Kills the process at the n-th statement that changes the file.
_KILLED = """
import os, signal, sqlite3, sys
from nightrun.hands.store import schema
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
left = [int(sys.argv[2])]
def told(statement):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
connection.set_trace_callback(told)
schema.migrate(connection)
"""


@pytest.mark.parametrize("statement", [2, 4, 6, 9])
def test_a_migration_that_is_killed_leaves_either_schema(tmp_path: Path, statement: int) -> None:
    """reliability.md, fault 37."""
    older = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    schema.migrate(older, schema.STEPS[:1])
    before = older.execute("SELECT sql FROM sqlite_schema").fetchall()
    older.close()
    argv = [sys.executable, "-P", "-c", _KILLED, str(tmp_path / "x.db"), str(statement)]
    assert subprocess.run(argv, timeout=60).returncode == -signal.SIGKILL
    after = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    assert after.execute("SELECT sql FROM sqlite_schema").fetchall() == before
    after.close()
    assert version(tmp_path / "x.db") == 1
    Database(tmp_path / "x.db").close()
    assert version(tmp_path / "x.db") == len(schema.STEPS)
