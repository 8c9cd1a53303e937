from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

import pytest

from nightrun.hands.store.database import BUSY_MS, Database
from nightrun.hands.store.refusals import StoreAway


def test_every_connection_has_the_rules(db: Database) -> None:
    names = ("journal_mode", "synchronous", "busy_timeout", "foreign_keys", "wal_autocheckpoint", "journal_size_limit")
    assert [db.value(f"PRAGMA {name}") for name in names] == ["wal", 2, 5000, 1, 1000, 64 << 20]


def test_the_file_is_for_this_user_alone(db: Database) -> None:
    assert db.path.stat().st_mode & 0o777 == 0o600


def test_a_failed_transaction_leaves_nothing(db: Database) -> None:
    with pytest.raises(ZeroDivisionError), db.write():
        db.run("INSERT INTO notes VALUES ('a', '1')")
        _ = 1 / 0
    assert db.all("SELECT * FROM notes") == []
    with db.write():
        db.run("INSERT INTO notes VALUES ('b', '1')")
    assert db.value("SELECT name FROM notes") == "b"


def test_an_error_of_the_database_is_try_later_and_the_next_use_opens_it_again(db: Database) -> None:
    with pytest.raises(StoreAway, match="no such table"), db.write():
        db.run("INSERT INTO notes VALUES ('lost', '1')")
        db.run("INSERT INTO nowhere VALUES (1)")
    assert db.problem == "no such table: nowhere"
    assert db.all("SELECT * FROM notes") == []
    with db.write():
        db.run("INSERT INTO notes VALUES ('kept', '1')")
    assert db.problem is None


def test_another_writer_makes_us_wait_and_then_say_so(db: Database) -> None:
    other = sqlite3.connect(db.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    db.run("PRAGMA busy_timeout = 20")
    with pytest.raises(StoreAway, match="locked"), db.write():
        pass
    other.execute("ROLLBACK")
    with db.write():
        db.run("INSERT INTO notes VALUES ('a', '1')")


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreAway, match="The database is damaged: file is not a database"):
        Database(tmp_path / "x.db")


def test_a_deleted_or_replaced_file_is_noticed(db: Database) -> None:
    assert db.is_there()
    os.rename(db.path, db.path.with_suffix(".old"))
    assert not db.is_there()
    db.path.write_bytes(b"")
    assert not db.is_there()


def test_close_leaves_one_file(tmp_path: Path) -> None:
    db = Database(tmp_path / "x.db")
    with db.write():
        db.run("INSERT INTO notes VALUES ('a', '1')")
    db.close()
    assert sorted(path.name for path in tmp_path.glob("x.db*")) == ["x.db"]


def test_a_large_log_is_folded_back_and_a_reader_in_the_way_is_not_waited_for(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was waited five seconds for, each time, and the API answered nobody."""
    monkeypatch.setattr("nightrun.hands.store.database.WAL_TOO_LARGE", 1000)
    reader = sqlite3.connect(db.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM notes").fetchall()
    with db.write():
        db.run("INSERT INTO notes VALUES ('a', '1')")
    before, began = db.log_bytes(), time.monotonic()
    db.shrink_log()
    assert time.monotonic() - began < BUSY_MS / 1000
    assert db.log_bytes() == before > 1000
    assert db.problem is None
    reader.execute("COMMIT")
    db.shrink_log()
    assert db.log_bytes() == 0
    assert db.value("PRAGMA busy_timeout") == BUSY_MS
    reader.close()
