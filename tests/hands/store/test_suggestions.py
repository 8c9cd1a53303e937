"""An issue knows the items that its heals suggested, the tasks on them, their commits and what it came to."""

from __future__ import annotations

from typing import Any

import pytest

from nightrun.hands.store import issues, suggestions
from nightrun.hands.store.database import Database
from tests.hands.store import ways
from tests.hands.store.ways import T0

RED = {"condition": "gate_red", "state": "firing", "fingerprint": "f", "direction": "Do it."}


def issue(db: Database, now: float = T0) -> Any:
    (opened,) = issues.look(db, [RED], now=now)["opened"]
    return opened


def suggest(db: Database, issue_id: Any, now: float = T0, key: str = "abc", **change: Any) -> Any:
    context = {"suggested_by": "h1", "issue": issue_id, "suggests": "Say which file"}
    ways.add(db, now, task_type="spec", dedup_key=f"suggested:{key}", context=context)
    return ways.finish(db, ways.claim(db, now), now, **{"commit_state": "landed", "commit_sha": "s1", **change})


def work(db: Database, task_type: str, now: float, status: str = "completed", key: str = "abc", **change: Any) -> Any:
    item = {"key": key, "file": "b.md", "text": "Say which file", "chain": ["impl", "review"], "round": 1}
    fields = {"dedup_key": f"item:{key}:1:{task_type}", "context": {"item": item}}
    ways.add(db, now, task_type=task_type, **fields)
    return ways.finish(db, ways.claim(db, now), now, status, **change)


def test_item_tasks_commits_and_effect_are_at_the_issue(db: Database) -> None:
    opened = issue(db)
    added = suggest(db, opened["id"])
    first = work(db, "impl", T0 + 10, commit_state="landed", commit_sha="c1")
    (one,) = suggestions.listed(db, now=T0 + 20)
    assert (one["task"], one["issue"], one["condition"], one["fingerprint"]) == (
        added["id"],
        opened["id"],
        "gate_red",
        "f",
    )
    assert (one["item"], one["state"]) == ({"key": "abc", "text": "Say which file"}, "open")
    assert (one["effect"], one["why"], one["early"]) == ("unknown", "its item is not done yet", True)
    last = work(db, "review", T0 + 30)
    issues.look(db, [], now=T0 + 40)
    (one,) = suggestions.listed(db, now=T0 + 50)
    assert ([each["id"] for each in one["tasks"]], one["commits"]) == ([first["id"], last["id"]], ["s1", "c1"])
    assert (one["state"], one["effect"], one["why"]) == ("done", "recovered", "the issue is resolved")
    assert one["updated_at"] == T0 + 30


def test_an_item_whose_task_failed_is_not_open_and_has_no_effect(db: Database) -> None:
    suggest(db, issue(db)["id"])
    work(db, "impl", T0 + 10, "failed", error_class="gate", error_summary="red")
    (one,) = suggestions.listed(db, now=T0 + 20)
    assert (one["state"], one["effect"], one["early"]) == ("failed", "unknown", False)


def test_items_of_other_keys_are_not_taken_for_it(db: Database) -> None:
    suggest(db, issue(db)["id"])
    work(db, "impl", T0 + 10, key="abc-2")
    work(db, "impl", T0 + 10, key="abcd")
    assert suggestions.listed(db, now=T0 + 20)[0]["tasks"] == []


def test_a_later_issue_of_the_same_kind_shows_it_too(db: Database) -> None:
    old = issue(db)
    suggest(db, old["id"])
    suggest(db, None, key="other")
    issues.look(db, [], now=T0 + 60)
    new = issue(db, T0 + 30 * 86_400)
    found = suggestions.listed(db, now=T0 + 31 * 86_400)
    assert new["id"] != old["id"] and len(found) == 2
    assert [one["item"]["key"] for one in suggestions.of_issue(found, new)] == ["abc"]
    assert suggestions.of_issue(found, {**new, "condition": "disk_low"}) == []


@pytest.mark.parametrize("issue_id", [None, "nope", ["x"], 3])
def test_a_suggestion_of_nothing_known_is_listed_all_the_same(db: Database, issue_id: Any) -> None:
    suggest(db, issue_id)
    work(db, "impl", T0 + 10)
    work(db, "review", T0 + 20)
    (one,) = suggestions.listed(db, now=T0 + 30)
    assert (one["issue"], one["condition"], one["why"]) == (None, None, "it was not made for an issue")
