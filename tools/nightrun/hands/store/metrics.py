"""How the tasks went over a window of days, from the sums that every terminal move keeps up to date.

A window begins at a whole minute. Percentiles are exact up to EXACT_UP_TO tasks in the window; above that they come
from a histogram that is right to 2 %, and the window begins at a whole hour for them.
"""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608
from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from nightrun.hands.store import notes, sums, tasks
from nightrun.hands.store.database import Database, Row
from nightrun.words import outcome

DAY = 86_400
EXACT_UP_TO = 2_000  # tasks in the window


def window(db: Database, *, now: float, days: int = 7) -> dict[str, Any]:
    """The answer of GET /api/agent/metrics."""
    rows = _sums(db, now - days * DAY)
    counted = [one for one in rows if sums.is_counted(one["task_type"])]
    return {
        "success_rate": success_rate(counted),
        "execution_time": _execution_time(db, now - days * DAY, sum(one["timed"] for one in counted)),
        "by_task_type": _by_task_type(rows),
        "by_model": _by_model(rows),
        "window_days": days,
        "generated_at": now,
        "last_evaluation": notes.read(db, "last_evaluation"),
        "commit_state": tasks.counts(db)["by_commit_state"],
        "not_counted": {"environment": sum(one["environment"] for one in rows)},
    }


def rate_of_window(db: Database, *, now: float, days: int = 7) -> dict[str, Any]:
    """Only {completed, failed, total, rate}, without heals, other repairs and environment faults."""
    return success_rate([one for one in _sums(db, now - days * DAY) if sums.is_counted(one["task_type"])])


def success_rate(rows: Iterable[Row]) -> dict[str, Any]:
    kept = list(rows)
    completed = sum(one["completed"] for one in kept)
    failed = sum(one["failed"] for one in kept)
    total = completed + failed
    return {"completed": completed, "failed": failed, "total": total, "rate": _rate(completed, total)}


def _by_task_type(rows: Iterable[Row]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    named = [{**one, "task_type": one["task_type"].removeprefix(sums.REMEDY)} for one in rows]
    for name, group in _grouped(named, "task_type").items():
        rate = success_rate(group)
        if rate["total"]:
            shown[name] = {
                "count": rate["total"],
                "completed": rate["completed"],
                "failed": rate["failed"],
                "success_rate": rate["rate"],
            }
    return shown


def _by_model(rows: Iterable[Row]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, group in _grouped(rows, "model").items():
        total, timed = success_rate(group)["total"], sum(one["timed"] for one in group)
        if total:
            seconds = sum(one["seconds"] for one in group)
            shown[name] = {"count": total, "avg_duration": round(seconds / timed, 1) if timed else 0.0}
    return shown


def _grouped(rows: Iterable[Row], name: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for one in rows:
        groups.setdefault(one[name], []).append(one)
    return dict(sorted(groups.items()))


def _rate(completed: int, total: int) -> float:
    return round(completed / total, 2) if total else 0.0


def _execution_time(db: Database, cutoff: float, timed: int) -> dict[str, int]:
    if timed <= EXACT_UP_TO:
        found = db.all(
            "SELECT run_seconds AS seconds, 1 AS n FROM tasks WHERE finished_at >= :start AND run_seconds IS NOT NULL"
            f" AND task_type <> '{sums.HEAL}' AND (status = 'completed' OR error_class IS NULL"
            f" OR error_class NOT IN ({_quoted(outcome.ENVIRONMENT_FAULTS)})) ORDER BY run_seconds",
            {"start": cutoff // 60 * 60},
        )
    else:
        parts = (
            "span = 3600 AND start >= :hour AND start < :quarter",
            "span = 21600 AND start >= :quarter AND start < :day",
            "span = 86400 AND start >= :day",
        )
        each = " UNION ALL ".join(f"SELECT bucket, n FROM rollup_seconds WHERE {part}" for part in parts)
        sql = f"SELECT bucket, sum(n) AS n FROM ({each}) GROUP BY bucket ORDER BY bucket"
        steps = db.all(sql, _edges(cutoff))
        found = [{"seconds": sums.seconds_of(one["bucket"]), "n": one["n"]} for one in steps]
    count = sum(one["n"] for one in found)
    return {
        "p50_seconds": _at(found, count // 2),
        "p95_seconds": _at(found, int(count * 0.95)),
    }


def _edges(cutoff: float) -> dict[str, float]:
    """Where hours end and quarters of a day begin, and where those end and whole days begin."""
    hour = cutoff // 3_600 * 3_600
    return {"hour": hour, "quarter": math.ceil(hour / 21_600) * 21_600, "day": math.ceil(hour / DAY) * DAY}


def _at(found: list[Row], index: int) -> int:
    seen = 0
    for one in found:
        seen += one["n"]
        if seen > index:
            return int(round(one["seconds"], 0))
    return 0


def _sums(db: Database, cutoff: float) -> list[Row]:
    return _over(
        db,
        cutoff,
        "SELECT task_type, model, sum(completed) AS completed, sum(failed) AS failed, sum(environment) AS environment,"
        " sum(timed) AS timed, sum(seconds) AS seconds FROM rollup WHERE {when} GROUP BY task_type, model",
    )


def _over(db: Database, cutoff: float, sql: str) -> list[Row]:
    """The rows of minutes up to the next hour, hours up to the next day, and days after that."""
    first = cutoff // 60 * 60
    hour, day = math.ceil(first / 3_600) * 3_600, math.ceil(first / DAY) * DAY
    parts = ((60, first, hour), (3_600, hour, day), (DAY, day, math.inf))
    rows: list[Row] = []
    for span, start, end in parts:
        when = "span = :span AND start >= :start AND start < :end"
        rows += db.all(sql.format(when=when), {"span": span, "start": start, "end": end})
    return rows


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
