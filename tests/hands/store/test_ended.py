from __future__ import annotations

import pytest

from nightrun.hands.store import ended
from nightrun.hands.store.database import Database
from tests.hands.store import ways
from tests.hands.store.ways import T0

DAY = 86_400.0


def test_nothing_is_known_of_an_empty_store(db: Database) -> None:
    assert ended.lately(db, now=T0, days=14) == ([], None)


def test_what_ended_lately_comes_newest_first_with_since_when_it_is_all(db: Database) -> None:
    for days in (20, 3, 1):
        ways.run(db, T0 - days * DAY, 60, context={"n": days})
    found, since = ended.lately(db, now=T0, days=14)
    assert [one["context"]["n"] for one in found] == [1, 3]
    assert since == T0 - 14 * DAY
    assert ended.lately(db, now=T0, days=90)[1] == T0 - 20 * DAY - 60


def test_too_many_make_fewer_days_known(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ended, "MOST", 2)
    for days in (5, 3, 1):
        ways.run(db, T0 - days * DAY, 60)
    found, since = ended.lately(db, now=T0, days=14)
    assert (len(found), since) == (2, T0 - 3 * DAY)
