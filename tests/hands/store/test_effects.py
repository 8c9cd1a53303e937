from __future__ import annotations

from typing import Any

from nightrun.hands.store import effects, issues, snapshot
from nightrun.hands.store.database import Database
from tests.hands.store import ways
from tests.hands.store.ways import T0

HOUR = 3_600.0
RATE = {"condition": "low_success_rate", "state": "firing", "direction": "Do it."}


def tasks(db: Database, letters: str, start: float) -> float:
    """One an hour; when the last one ended."""
    for n, letter in enumerate(letters, 1):
        failed = {"error_class": "gate", "error_summary": f"bad {chr(96 + n)}"} if letter == "F" else {}
        ways.run(db, start + n * HOUR, 60, "failed" if failed else "completed", **failed)
    return start + len(letters) * HOUR


def heal(db: Database, now: float, **context: Any) -> str:
    about = {"condition": "low_success_rate", "fingerprint": "", **context}
    return str(ways.run(db, now, 60, task_type="heal", context=about)["id"])


def judged(db: Database, now: float) -> list[Any]:
    return effects.of_heals(db, snapshot.heals(db), now=now)


def test_a_heal_after_which_it_went_well_recovered(db: Database) -> None:
    end = tasks(db, "CF" * 5 + "F" * 10, T0)
    task = heal(db, end)
    end = tasks(db, "C" * 19 + "F", end)
    (found,) = judged(db, end)
    assert (found["task"], found["condition"], found["effect"]) == (task, "low_success_rate", "recovered")
    assert found["why"] == "5 of 20 completed before, 19 of 20 after (by chance: 0.00)"


def test_what_was_written_down_when_it_was_added_counts(db: Database) -> None:
    heal(db, T0, before={"completed": 19, "total": 20, "threshold": 0.5})
    end = tasks(db, "C" * 20, T0)
    assert judged(db, end)[0]["effect"] == "unknown"


def test_a_heal_at_work_has_no_effect_yet(db: Database) -> None:
    ways.add(db, task_type="heal")
    assert judged(db, T0) == []


def test_an_issue_that_was_resolved_before_the_heal_ended_says_nothing(db: Database) -> None:
    red = {"condition": "gate_red", "state": "firing", "direction": "Do it."}
    (opened,) = issues.look(db, [red], now=T0)["opened"]
    issues.look(db, [], now=T0 + 60)
    heal(db, T0 + 120, condition="gate_red", issue=opened["id"])
    assert judged(db, T0 + HOUR)[0]["effect"] == "unknown"
    (again,) = issues.look(db, [red], now=T0 + 180)["opened"]
    heal(db, T0 + 240, condition="gate_red", issue=again["id"])
    issues.look(db, [], now=T0 + 300)
    assert judged(db, T0 + HOUR)[0]["effect"] == "recovered"


def test_issues_without_a_heal_are_measured_in_the_same_way(db: Database) -> None:
    end = tasks(db, "CF" * 5 + "F" * 10, T0)
    (opened,) = issues.look(db, [RATE], now=end)["opened"]
    issues.look(db, [RATE, {"condition": "disk_low", "state": "firing"}], now=end)
    end = tasks(db, "C" * 20, end)
    (found,) = effects.untreated(db, now=end)
    assert (found["issue"], found["effect"]) == (opened["id"], "recovered")
    issues.link_heal(db, opened["id"], heal(db, end))
    assert effects.untreated(db, now=end) == []
