"""Every hot question is answered from an index, so that a million finished tasks do not slow it down."""

from __future__ import annotations

from typing import Any

import pytest

from nightrun.hands.store import claims, effects, ended, issues, metrics, snapshot, suggestions, tasks
from nightrun.hands.store.database import Database, Row
from tests.hands.store import ways
from tests.hands.store.ways import T0

SMALL = ("pauses", "runners", "notes", "counts", "condition_states", "issues")


@pytest.fixture
def asked(db: Database, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Every statement the store runs, with its values."""
    seen: list[tuple[str, Any]] = []
    for name in ("all", "run"):
        original = getattr(db, name)

        def watched(sql: str, params: Any = None, original: Any = original) -> Any:
            seen.append((sql, params))
            return original(sql, params)

        monkeypatch.setattr(db, name, watched)
    return seen


def scans(db: Database, asked: list[tuple[str, Any]]) -> list[str]:
    """Plan lines that walk a whole large table or index."""
    found = []
    for sql, params in list(asked):
        if sql.startswith(("SELECT", "UPDATE", "DELETE")):
            plan: list[Row] = db.all(f"EXPLAIN QUERY PLAN {sql}", params)
            found += [f"{one['detail']} <- {sql}" for one in plan if _is_scan(one["detail"])]
    return found


def _is_scan(line: str) -> bool:
    words = line.split()
    if words[0] != "SCAN" or words[1] in SMALL:
        return False
    # Partial indexes: only pending tasks that are ready, or only unlanded ones. The last index is read from its end.
    return not any(name in line for name in ("tasks_ready", "tasks_unlanded", "tasks_finished", "attempts_ended"))


def walks_history(db: Database, asked: list[tuple[str, Any]]) -> list[str]:
    """Statements that would visit every completed or failed task: their index leaves that open."""
    found = []
    for sql, params in list(asked):
        if sql.startswith("SELECT") and "finished" not in sql.partition("ORDER BY")[2]:
            plan = [one["detail"] for one in db.all(f"EXPLAIN QUERY PLAN {sql}", params)]
            ended = "status = 'completed'" in sql or "status = 'failed'" in sql
            if ended and any("tasks_by_status" in line for line in plan):
                found.append(sql)
    return found


def fill(db: Database) -> None:
    for n in range(300):
        ways.run(
            db, T0 - n * 1000, 5, "failed" if n % 7 == 0 else "completed", error_class="gate" if n % 7 == 0 else None
        )
    db.all("ANALYZE")


def test_a_whole_claim_is_indexed(db: Database, asked: list[tuple[str, Any]]) -> None:
    fill(db)
    first = ways.add(db)
    ways.add(db, depends_on=[first])
    asked.clear()
    task = ways.claim(db, types=["impl"], claim_key="k")
    claims.heartbeat(db, task["id"], task["fencing_token"], {}, now=T0)
    claims.next_ready_at(db, now=T0)
    claims.reclaim(db, lambda row: False, now=T0)
    ways.finish(db, task, T0 + 1)
    assert len(asked) > 15
    assert scans(db, asked) == []


def test_metrics_and_snapshot_are_indexed(db: Database, asked: list[tuple[str, Any]]) -> None:
    fill(db)
    asked.clear()
    metrics.window(db, now=T0)
    snapshot.take(db, now=T0)
    issues.look(db, [], now=T0)
    assert len(asked) > 20
    assert scans(db, asked) == []
    assert walks_history(db, asked) == []


def test_lists_and_adding_are_indexed(db: Database, asked: list[tuple[str, Any]]) -> None:
    fill(db)
    asked.clear()
    tasks.listed(db, status="failed")
    tasks.listed(db, task_type="impl")
    ways.add(db, dedup_key="k")
    assert scans(db, asked) == []


def test_the_claim_takes_the_first_row_of_its_own_index(db: Database, asked: list[tuple[str, Any]]) -> None:
    ways.add(db)
    asked.clear()
    ways.claim(db)
    (sql, params) = next((sql, params) for sql, params in asked if "ORDER BY priority DESC, seq LIMIT 1" in sql)
    plan = [one["detail"] for one in db.all(f"EXPLAIN QUERY PLAN {sql}", params)]
    assert plan == ["SCAN tasks USING INDEX tasks_ready"]


def test_suggestions_and_what_ended_lately_are_indexed(db: Database, asked: list[tuple[str, Any]]) -> None:
    fill(db)
    ways.add(db, task_type="spec", dedup_key="suggested:abc", context={"issue": "i1"})
    asked.clear()
    assert len(suggestions.listed(db, now=T0)) == 1
    ended.Lately().read(db, now=T0, days=14)
    assert len(asked) > 4
    # The first task of all is the first row.
    assert [line for line in scans(db, asked) if not line.endswith("FROM tasks ORDER BY seq LIMIT 1")] == []
    assert walks_history(db, asked) == []


def test_what_heals_came_to_is_asked_of_the_few_issues(db: Database, asked: list[tuple[str, Any]]) -> None:
    ways.run(db, T0, 5)  # without statistics of the tables, as in a store in use
    asked.clear()
    issues.healed(db)
    issues.count_resolved_since(db, T0)
    effects.of_heals(db, snapshot.heals(db), now=T0)
    effects.untreated(db, now=T0)
    assert len(asked) > 3
    assert scans(db, asked) == []
    assert walks_history(db, asked) == []
