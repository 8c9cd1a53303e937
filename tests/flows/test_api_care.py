"""The database is copied and checked beside the requests; damage closes intake and says the way back."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from pathlib import Path

import pytest

from nightrun.flows import api_care
from nightrun.flows.api_care import Care
from nightrun.hands.store import backup, pauses
from nightrun.hands.store.database import Database
from nightrun.hands.store.refusals import StoreAway
from tests.flows.api_world import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    made = Room(tmp_path)
    made.now = time.time() + api_care.SETTLED_S + 1  # files have real times
    return made


def look(room: Room) -> None:
    asyncio.run(Care(room.desk).look())


def copies(room: Room) -> list[str]:
    return [one.name for one in backup.kept(room.desk.state.backups)]


def test_a_copy_each_hour_in_which_something_changed(room: Room) -> None:
    room.add()
    look(room)
    look(room)
    assert len(copies(room)) == 1
    room.now += api_care.HOUR_S + 1
    look(room)
    assert len(copies(room)) == 1
    room.now += 10
    time.sleep(1.1)  # two writes within a second look like one
    room.add()
    look(room)
    assert len(copies(room)) == 2


def test_a_copy_that_cannot_be_used_is_removed(room: Room) -> None:
    room.desk.state.backups.mkdir()
    (room.desk.state.backups / "pipeline-9.db").write_bytes(b"no database" * 1000)
    look(room)
    assert "pipeline-9.db" not in copies(room)


def test_one_that_just_started_makes_no_copy(tmp_path: Path) -> None:
    room = Room(tmp_path)
    look(room)
    assert copies(room) == []


def test_damage_after_a_boot_closes_intake_and_names_the_way_back(room: Room) -> None:
    for number in range(300):
        room.add(direction=f"{number} " + "x" * 400)
    look(room)
    copy = copies(room)[0]
    room.desk.db.close()
    damage(room.desk.state.db)
    room.desk.boot_id = "another"
    look(room)
    paused = pauses.active(room.desk.db, now=room.now)
    assert [one["by"] for one in paused] == ["disk"]
    assert paused[0]["reason"].startswith("the database is damaged (")
    assert f"cp backups/{copy} pipeline.db" in paused[0]["reason"]
    room.desk.db.close()
    db = room.desk.state.db
    carry_out(paused[0]["reason"], db.parent)
    assert Database(db).value("SELECT count(*) FROM tasks") == 300
    assert backup.problems(db) == [] != backup.problems(db.with_name("damaged.db"))


def carry_out(said: str, folder: Path) -> None:
    """The commands of the message, word for word, and those of the runbook are the same but for the copy's name."""
    commands = re.findall(r"`([^`]+)`", said.partition("`make stop`")[2])
    assert len(commands) == 1
    subprocess.run(["sh", "-ec", commands[0]], cwd=folder, check=True)
    runbook = (Path(__file__).parents[2] / "docs/RUNBOOK.md").read_text()
    for one in commands[0].split("; "):
        assert re.sub(r"pipeline-[0-9TZ-]+\.db", "pipeline-TIME.db", one) in runbook


def test_an_error_of_the_disk_is_followed_by_a_check(room: Room) -> None:
    look(room)
    database = room.desk.db
    database._drop(_io_error())
    assert database.is_suspect
    look(room)
    assert not database.is_suspect
    assert pauses.active(database, now=room.now) == []


def _io_error() -> Exception:
    import sqlite3

    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
    return error


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 4096 * 3 // 4, len(content) // 4096 - 2):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)


def test_a_database_that_cannot_be_opened_names_the_way_back(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "pipeline-1.db").write_bytes(b"")
    (tmp_path / "pipeline.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreAway) as caught:
        api_care.opened(tmp_path / "pipeline.db", folder)
    assert caught.value.hint is not None
    assert "cp backups/pipeline-1.db pipeline.db" in caught.value.hint
