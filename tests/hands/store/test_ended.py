from __future__ import annotations

from typing import Any

import pytest

from nightrun.hands.store import ended, moves
from nightrun.hands.store.database import Database
from nightrun.hands.store.ended import Lately
from tests.hands.store import ways
from tests.hands.store.ways import T0

DAY = 86_400.0


def test_nothing_is_known_of_an_empty_store(db: Database) -> None:
    assert Lately().read(db, now=T0, days=14) == ([], None)


def test_what_ended_lately_comes_newest_first_with_since_when_it_is_all(db: Database) -> None:
    for days in (20, 3, 1):
        ways.run(db, T0 - days * DAY, 60)
    found, since = Lately().read(db, now=T0, days=14)
    assert [one.finished_at for one in found] == [T0 - DAY, T0 - 3 * DAY]
    assert since == T0 - 14 * DAY
    assert Lately().read(db, now=T0, days=90)[1] == T0 - 20 * DAY - 60


def test_too_many_make_fewer_days_known(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended, "MOST", 2)
    for days in (5, 3, 1):
        ways.run(db, T0 - days * DAY, 60)
    found, since = Lately().read(db, now=T0, days=14)
    assert (len(found), since) == (2, T0 - 3 * DAY)


def test_only_what_changed_is_read_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """`nightrun status` and the live page ask every second or two."""
    tasks = [ways.run(db, T0 - days * DAY, 60, commit_state="committed") for days in (5, 3, 1)]
    lately, asked = Lately(), list[str]()
    before = lately.read(db, now=T0, days=14)
    kept = db.one
    monkeypatch.setattr(db, "one", lambda sql, values=None: asked.append(sql) or kept(sql, values))

    def again() -> tuple[Any, int]:
        asked.clear()
        return lately.read(db, now=T0, days=14), sum("context" in one for one in asked)

    assert again() == (before, 0)
    moves.patch(db, tasks[0]["id"], {"commit_state": "landed", "commit_sha": "a" * 40}, now=T0)
    (found, _), read = again()
    assert [one.is_landed for one in found] == [False, False, True]
    assert read == 1
    assert again()[1] == 0
