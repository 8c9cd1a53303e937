"""Sums of how tasks ended, per minute, hour and day, that every terminal move keeps up to date.

A window of any length is at most 60 + 24 + its days in rows, however many tasks there are.
"""

# Only names of this package are put into SQL texts; every value is a parameter.
# ruff: noqa: S608
from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from nightrun.decisions import heal
from nightrun.hands.store.database import Database, Row
from nightrun.words import outcome
from nightrun.words import task as words

DAY = 86_400
SPANS = (60, 3_600, DAY)  # seconds, of the sums
STEP_SPANS = (3_600, 21_600, DAY)  # of the histogram
KEPT_DAYS = 92  # of sums per minute and hour; days are kept for ever
HEAL = "heal"
REMEDY = "remedy:"  # before the type of a task that an issue asked for: such tasks do not count in the rate
_STEP = math.log(1.04)  # the middle of a step is at most 2 % from its ends
_KEY = ("span", "start", "task_type", "model")
_KINDS = ("completed", "failed", "environment")
_NUMBERS = (*_KINDS, "timed", "seconds")


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
    names = "seq, status, task_type, dedup_key, model, agent, error_class, run_seconds, finished_at"
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
        "task_type": _type(task),
        "model": task["model"] or task["agent"] or "unknown",
        **dict.fromkeys(_KINDS, 0),
        _kind(task): 1,
        "timed": int(timed),
        "seconds": task["run_seconds"] if timed else 0.0,
    }


def _type(task: Row) -> str:
    """By a key that never changes: what is taken back must be the row that it was added to."""
    is_remedy = str(task["dedup_key"] or "").startswith(heal.KEY) and task["task_type"] != HEAL
    return f"{REMEDY}{task['task_type']}" if is_remedy else str(task["task_type"])


def is_counted(task_type: str) -> bool:
    """Whether sums of this type say something about the work, and not about repairs."""
    return task_type != HEAL and not task_type.startswith(REMEDY)


def _steps_of(task: Row) -> list[tuple[int, int, int]]:
    """The steps of the histogram that this task is counted in: span, start, bucket."""
    if not _is_timed(task) or task["task_type"] == HEAL:
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
