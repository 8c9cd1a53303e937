"""How the tasks went over a window of days, from sums that every terminal move keeps up to date.

Each terminal move adds to one row per minute, hour and day, so a window is at most 60 + 24 + its days in rows, however
many tasks there are. A window begins at a whole minute. Percentiles are exact up to EXACT_UP_TO tasks in the window;
above that they come from a histogram that is right to 2 %, and the window begins at a whole hour for them.
"""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from nightrun.hands.store import notes, tasks
from nightrun.hands.store.database import Database, Row
from nightrun.words import outcome
from nightrun.words import task as words

DAY = 86_400
SPANS = (60, 3_600, DAY)  # seconds, of the sums
STEP_SPANS = (3_600, 21_600, DAY)  # of the histogram
EXACT_UP_TO = 2_000  # tasks in the window
KEPT_DAYS = 92  # of sums per minute and hour; days are kept for ever
_STEP = math.log(1.04)  # the middle of a step is at most 2 % from its ends
_HEAL = "heal"
_KEY = ("span", "start", "task_type", "model")
_KINDS = ("completed", "failed", "environment")
_NUMBERS = (*_KINDS, "timed", "seconds")


# -- keeping the sums


def record(db: Database, task: Row, *, sign: int = 1) -> None:
    """Count a task that just became terminal; sign -1 takes back one that is reopened."""
    for span in SPANS:
        _add(db, _sums_of(task, span), sign)
    for step in _steps_of(task):
        _add_step(db, *step, sign)


def rebuild(db: Database) -> None:
    """Make all sums anew from the tasks: for tests, and for a store that was filled from outside."""
    sums: dict[tuple[Any, ...], Row] = {}
    steps: dict[tuple[int, int, int], int] = {}
    for task in _finished(db):
        for span in SPANS:
            one = _sums_of(task, span)
            key = tuple(one[name] for name in _KEY)
            known = sums.setdefault(key, {**one, **dict.fromkeys(_NUMBERS, 0)})
            for name in _NUMBERS:
                known[name] += one[name]
        for step in _steps_of(task):
            steps[step] = steps.get(step, 0) + 1
    with db.write():
        db.run("DELETE FROM rollup")
        db.run("DELETE FROM rollup_seconds")
        for one in sums.values():
            _add(db, one, 1)
        for step, count in steps.items():
            _add_step(db, *step, count)


def _finished(db: Database) -> Iterator[Row]:
    last = 0
    names = "seq, status, task_type, model, agent, error_class, run_seconds, finished_at"
    while True:
        rows = db.all(
            f"SELECT {names} FROM tasks WHERE seq > :last ORDER BY seq LIMIT 10000",
            {"last": last},
        )
        if not rows:
            return
        last = rows[-1]["seq"]
        yield from (one for one in rows if one["finished_at"] is not None)


def _sums_of(task: Row, span: int) -> Row:
    """The row of sums that this task belongs to, with what it adds."""
    timed = _is_timed(task)
    return {
        "span": span,
        "start": _start(task, span),
        "task_type": task["task_type"],
        "model": task["model"] or task["agent"] or "unknown",
        **dict.fromkeys(_KINDS, 0),
        _kind(task): 1,
        "timed": int(timed),
        "seconds": task["run_seconds"] if timed else 0.0,
    }


def _steps_of(task: Row) -> list[tuple[int, int, int]]:
    """The steps of the histogram that this task is counted in: span, start, bucket."""
    if not _is_timed(task) or task["task_type"] == _HEAL:
        return []
    return [(span, _start(task, span), bucket(task["run_seconds"])) for span in STEP_SPANS]


def _add(db: Database, one: Row, sign: int) -> None:
    db.run(
        "INSERT INTO rollup (span, start, task_type, model, completed, failed, environment, timed, seconds) VALUES"
        " (:span, :start, :task_type, :model, :completed, :failed, :environment, :timed, :seconds)"
        " ON CONFLICT (span, start, task_type, model) DO UPDATE SET completed = completed + excluded.completed,"
        " failed = failed + excluded.failed, environment = environment + excluded.environment,"
        " timed = timed + excluded.timed, seconds = seconds + excluded.seconds",
        {**one, **{name: sign * one[name] for name in _NUMBERS}},
    )


def _add_step(db: Database, span: int, start: int, step: int, count: int) -> None:
    db.run(
        "INSERT INTO rollup_seconds VALUES (:span, :start, :bucket, :n)"
        " ON CONFLICT (span, start, bucket) DO UPDATE SET n = n + excluded.n",
        {"span": span, "start": start, "bucket": step, "n": count},
    )


def _start(task: Row, span: int) -> int:
    return int(task["finished_at"] // span * span)


def _is_timed(task: Row) -> bool:
    return task["run_seconds"] is not None and _kind(task) != "environment"


def forget_old(db: Database, *, now: float) -> None:
    """Drop the sums per minute and hour that no window can reach any more."""
    for table in ("rollup", "rollup_seconds"):
        for span in (*SPANS, *STEP_SPANS):
            if span < DAY:
                before = {"span": span, "before": now - KEPT_DAYS * DAY}
                db.run(f"DELETE FROM {table} WHERE span = :span AND start < :before", before)


def bucket(seconds: float) -> int:
    """The step of the histogram: 0 below a second, then each 4 % longer than the one before."""
    return 0 if seconds < 1 else 1 + int(math.log(seconds) / _STEP)


def seconds_of(step: int) -> float:
    """The middle of a step."""
    return 0.0 if step == 0 else math.exp((step - 0.5) * _STEP)


def _kind(task: Row) -> str:
    if task["status"] == words.COMPLETED:
        return "completed"
    return "environment" if task["error_class"] in outcome.ENVIRONMENT_FAULTS else "failed"


# -- reading them


def window(db: Database, *, now: float, days: int = 7) -> dict[str, Any]:
    """The answer of GET /api/agent/metrics."""
    rows = _sums(db, now - days * DAY)
    counted = [one for one in rows if one["task_type"] != _HEAL]
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
    """Only {completed, failed, total, rate}, without heals and environment faults."""
    return success_rate([one for one in _sums(db, now - days * DAY) if one["task_type"] != _HEAL])


def success_rate(rows: Iterable[Row]) -> dict[str, Any]:
    kept = list(rows)
    completed = sum(one["completed"] for one in kept)
    failed = sum(one["failed"] for one in kept)
    total = completed + failed
    return {"completed": completed, "failed": failed, "total": total, "rate": _rate(completed, total)}


def _by_task_type(rows: Iterable[Row]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, group in _grouped(rows, "task_type").items():
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
            f" AND task_type <> '{_HEAL}' AND (status = 'completed' OR error_class IS NULL"
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
        found = [{"seconds": seconds_of(one["bucket"]), "n": one["n"]} for one in steps]
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
