"""Copies of a database in use: whole, few, and opened once to see that they can be."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands.store import backup
from nightrun.hands.store.database import Database
from nightrun.words.errors import NightrunError
from tests.hands.store.ways import T0, add


def test_a_copy_holds_what_was_committed_and_the_original_goes_on(db: Database, tmp_path: Path) -> None:
    first = add(db)
    copy = backup.make(db.path, tmp_path / "backups", "1")
    second = add(db, T0 + 1)
    assert copy.name == "pipeline-1.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert backup.tried(copy) == []
    assert [path.name for path in copy.parent.iterdir()] == ["pipeline-1.db"]
    read = Database(copy)
    assert [one["id"] for one in read.all("SELECT id FROM tasks")] == [first]
    read.close()
    assert [one["id"] for one in db.all("SELECT id FROM tasks ORDER BY seq")] == [first, second]


def test_only_the_newest_are_kept(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(backup.KEPT + 3):
        backup.make(db.path, tmp_path / "backups", f"{number:03}")
    assert [one.stem for one in backup.kept(tmp_path / "backups")] == [f"pipeline-{n:03}" for n in range(3, 27)]
    monkeypatch.setattr(backup, "MOST_BYTES", 1)
    backup.make(db.path, tmp_path / "backups", "027")
    assert [one.stem for one in backup.kept(tmp_path / "backups")] == ["pipeline-026", "pipeline-027"]


def test_a_damaged_page_is_found_in_the_file_and_in_a_copy(db: Database, tmp_path: Path) -> None:
    for number in range(200):
        add(db, T0 + number, direction="x" * 400)
    assert backup.problems(db.path) == []
    copy = backup.make(db.path, tmp_path / "backups", "1")
    db.close()
    for path in (db.path, copy):
        _damage(path)
    assert backup.problems(db.path) != []
    assert backup.tried(copy) != []


def test_no_room_is_said_and_nothing_is_left(db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nightrun.hands.clock.disk_free", lambda path: 1 << 20)
    with pytest.raises(NightrunError, match="no room for a copy"):
        backup.make(db.path, tmp_path / "backups", "1")
    assert backup.kept(tmp_path / "backups") == []


def _damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(content)
