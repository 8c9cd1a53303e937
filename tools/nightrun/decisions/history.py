"""A recorded or given history as the snapshots that the monitor would have seen."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from nightrun.decisions import statistics
from nightrun.words import quantity
from nightrun.words.errors import WrongUse
from nightrun.words.task import COMPLETED, FAILED, STATUSES

Snapshot = dict[str, Any]
Task = Mapping[str, Any]

KEPT = 50  # tasks that a snapshot holds
WEEK_S = 7 * 86_400.0
BETWEEN_S = 3_600.0  # looks between two tasks that are far apart: what is old stops to count
MOST_LOOKS_BETWEEN = 200
MOST_SAID = 20  # problems of a history
_RUN = re.compile(r"([CFS])(?:\*(\d+))?")
_HINT = "`nightrun monitor --help` and docs/PIPELINE-ATTENTION.md say what a history looks like."


def snapshots(history: Any) -> list[Snapshot]:
    """In the order of their time. WrongUse when it is neither snapshots, nor tasks, nor a series."""
    if isinstance(history, Mapping) and "results" in history:
        return list(of_tasks(_series(history)))
    entries = history.get("tasks", [history]) if isinstance(history, Mapping) else history
    if not isinstance(entries, list):
        raise WrongUse("The history is no list of snapshots or tasks.", _HINT)
    refuse(f"entry {place + 1}: {text}" for place, text in problems(entries))
    if all("now" in one for one in entries):
        return sorted(({**one, "now": moment(one["now"])} for one in entries), key=_now)
    return list(of_tasks(_tasks(entries)))


def problems(entries: Sequence[Any]) -> list[tuple[int, str]]:
    """Everything that is wrong with a list of tasks or snapshots: the place in the list, and what."""
    mixed = len({"now" in one for one in entries if isinstance(one, Mapping)}) > 1
    found = [(place, text) for place, one in enumerate(entries) for text in _wrong(one)]
    return [*found, *([(0, "snapshots (with `now`) and tasks (without) are mixed")] if mixed else [])]


def _wrong(entry: Any) -> Iterator[str]:
    if not isinstance(entry, Mapping):
        yield "this is no snapshot and no task"
    elif "now" in entry:
        yield from _no_moment("now", entry["now"])
    elif "status" not in entry:
        yield "a task needs a `status`, a snapshot its time `now`"
    elif entry["status"] not in STATUSES:
        yield f"`status` is {entry['status']!r}, and none of {', '.join(sorted(STATUSES))}"
    elif entry["status"] in (COMPLETED, FAILED):
        yield from _no_moment("at", entry.get("at", entry.get("finished_at")))


def _no_moment(name: str, value: Any) -> Iterator[str]:
    try:
        moment(value)
    except WrongUse as error:
        yield f"`{name}`: {error.message.rstrip('.')}" if value is not None else f"`{name}` is missing: when it ended"


def refuse(found: Iterable[str]) -> None:
    """WrongUse with all of them, one in each line."""
    said = list(found)
    if said:
        more = [f"and {len(said) - MOST_SAID} more"] if len(said) > MOST_SAID else []
        raise WrongUse("\n".join([*said[:MOST_SAID], *more]), _HINT)


def _now(snapshot: Snapshot) -> float:
    return float(snapshot["now"])


def moment(value: Any) -> float:
    """Seconds since the epoch, from such a number or from `2026-01-31T08:00:00Z`; without a zone it is UTC."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        raise WrongUse(f"{value!r} is no time.", "Write seconds since 1970 or 2026-01-31T08:00:00Z.") from None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


# -- tasks


def _tasks(entries: Iterable[Task]) -> list[Task]:
    """Those that ended, oldest first."""
    found = []
    for number, one in enumerate(entries, 1):
        if one["status"] in (COMPLETED, FAILED):
            found.append(whole(number, {**one, "finished_at": moment(one.get("at", one.get("finished_at")))}))
    return sorted(found, key=lambda one: float(one["finished_at"]))


def whole(number: int, given: Task) -> Task:
    """With everything that conditions look at."""
    failed = given["status"] == FAILED
    usual: dict[str, Any] = {
        "id": f"t{number}",
        "task_type": "impl",
        "agent": "agent",
        "error_class": "gate" if failed else None,
        "error_summary": None,
        "output_chars": 1,
        "commit_state": "none" if failed else "landed",
        "context": {},
    }
    return usual | {name: value for name, value in given.items() if value is not None}


def _series(given: Mapping[str, Any]) -> list[Task]:
    """`CCF*3S`: C completed, F failed in a way of its own, S failed in the same way as every other S."""
    try:
        every = quantity.seconds(given.get("every", "1h"))
    except ValueError as error:
        raise WrongUse(f"every: {error}.", _HINT) from None
    start, more = moment(given.get("start", 0)), given.get("task") or {}
    return [
        whole(number, {**more, **result(letter, number), "finished_at": start + number * every})
        for number, letter in enumerate(letters(str(given["results"])), 1)
    ]


def letters(text: str) -> Iterator[str]:
    text = "".join(text.split())
    if _RUN.sub("", text):
        raise WrongUse(f"results: {_RUN.sub('', text)!r} is not understood.", "Write C, F and S, such as C*20 F*5 C.")
    for one in _RUN.finditer(text):
        yield from one[1] * int(one[2] or 1)


def result(letter: str, number: int) -> dict[str, Any]:
    if letter == "C":
        return {"status": COMPLETED}
    # In letters: numbers do not make a failure another one.
    own = "".join(chr(ord("a") + int(digit)) for digit in str(number))
    return {"status": FAILED, "error_summary": "the same" if letter == "S" else f"failure {own}"}


# -- what the monitor would have seen


def of_tasks(tasks: Iterable[Task], between_s: float = BETWEEN_S) -> Iterator[Snapshot]:
    """One at the end of each task, and some between those that are far apart; `tasks` oldest first.

    They hold what tasks can tell: conditions that need more are unknown.
    """
    last: deque[Task] = deque(maxlen=KEPT)
    attempts: deque[Task] = deque(maxlen=KEPT)
    week: deque[Task] = deque()
    before: float | None = None
    for one in tasks:
        now = float(one["finished_at"])
        for at in _between(before, now, between_s):
            yield _snapshot(last, attempts, week, at)
        last.appendleft(one)
        attempts.appendleft({**one, "task_id": one["id"], "ended_at": now})
        week.extend(statistics.counted([one]))
        yield _snapshot(last, attempts, week, now)
        before = now


def _between(before: float | None, now: float, step: float) -> Iterator[float]:
    if before is None or step <= 0:
        return
    looks = min(MOST_LOOKS_BETWEEN, int((now - before) / step - 1e-9))
    yield from (before + step * number for number in range(1, looks + 1))


def _snapshot(last: Iterable[Task], attempts: Iterable[Task], week: deque[Task], now: float) -> Snapshot:
    while week and now - float(week[0]["finished_at"]) > WEEK_S:
        week.popleft()
    completed = [one["status"] for one in week].count(COMPLETED)
    return {
        "now": now,
        "finished": list(last),
        "attempts": list(attempts),
        "window": {"completed": completed, "failed": len(week) - completed, "total": len(week)},
    }
