"""What follows a task: the next type of its item, impl again after a FAIL, a question to a person, or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nightrun.decisions import backlog
from nightrun.words.task import COMPLETED, Task

PASS = "PASS"  # noqa: S105 - a verdict
FAIL = "FAIL"
# Where a FAIL sends an item back to, when its chain has it.
REPAIR = "impl"
FINDING_CHARS = 200


@dataclass(frozen=True, kw_only=True)
class Step:
    """A task to add. `dedup_key` makes it one task, however often it is added."""

    task_type: str
    direction: str
    context: Mapping[str, Any] = field(default_factory=dict)
    dedup_key: str
    needs_decision: str | None = None  # what a person is asked before it is worked on


@dataclass(frozen=True, kw_only=True)
class _Way:
    """What a task has behind and before it: an item's chain, or what a FAIL made of a task that has no item."""

    types: tuple[str, ...]
    round: int
    item: Mapping[str, Any] | None
    at: int  # of the task's own type in `types`


def first(item: backlog.Item) -> Step:
    context = {
        "key": item.key,
        "file": item.file,
        "text": item.text,
        "chain": list(item.types),
        "round": 1,
        "meta": item.meta,
    }
    return Step(
        task_type=item.types[0],
        direction=backlog.direction(item),
        context={"item": context},
        dedup_key=f"item:{item.key}:1:{item.types[0]}",
    )


def after(task: Task, *, rounds: int, following: str | None) -> Step | None:
    """What is added once `task` is completed. `following` is what the policy lets follow a task without an item."""
    if _is_remedy(task):
        return None
    way = _way(task)
    if task.context.get("verdict") == FAIL:
        return _back(task, way or _own_way(task), rounds)
    if way is not None and way.at + 1 < len(way.types):
        return _step(task, way, way.types[way.at + 1], way.round, {})
    if following is None or (way is not None and way.item is not None):
        return None
    return _plain(task, following, {})


def is_last(task: Task, following: str | None = None) -> bool:
    """Whether nothing follows when it is completed with PASS: then its item, if it has one, is done."""
    return after(replace(task, context={**task.context, "verdict": PASS}), rounds=1, following=following) is None


def latest(tasks: Iterable[Task]) -> dict[str, Task]:
    """Key of an item -> its task that is furthest: of the last round, and in that of the last type."""
    found: dict[str, tuple[int, int, Task]] = {}
    for task in tasks:
        way = _way(task)
        if way is not None and way.item is not None:
            key = str(way.item["key"])
            here = (way.round, way.at, task)
            found[key] = max(found.get(key, here), here, key=lambda one: one[:2])
    return {key: one[2] for key, one in found.items()}


def is_over(task: Task) -> bool:
    """Whether this task was the end of its item."""
    return task.status == COMPLETED and is_last(task) and task.context.get("verdict") != FAIL


def round_of(task: Task) -> int:
    way = _way(task)
    return way.round if way else 1


# -- the way of a task


def _is_remedy(task: Task) -> bool:
    """A task that an issue asked for."""
    return bool(task.context.get("condition"))


def _way(task: Task) -> _Way | None:
    """None for a task without an item that nothing sent back."""
    item, own = task.context.get("item"), task.context.get("way")
    given = item if isinstance(item, Mapping) else own if isinstance(own, Mapping) else {}
    types, number = given.get("chain"), given.get("round")
    # Anybody may add a task with any context.
    if not isinstance(types, (list, tuple)) or task.task_type not in types or not isinstance(number, int):
        return None
    if given is item and not all(isinstance(item.get(name), str) for name in ("key", "file", "text")):
        return None
    return _Way(types=tuple(types), round=number, item=item if given is item else None, at=types.index(task.task_type))


def _own_way(task: Task) -> _Way:
    """Of a task without an item that ended with FAIL: back to impl, and then here again."""
    types = tuple(dict.fromkeys((REPAIR, task.task_type)))
    return _Way(types=types, round=1, item=None, at=len(types) - 1)


def _back(task: Task, way: _Way, rounds: int) -> Step:
    target = REPAIR if REPAIR in way.types else way.types[0]
    findings = str(task.context.get("findings") or "")
    asks = _question(task, way.round, target, findings) if way.round >= rounds else None
    return _step(task, way, target, way.round + 1, {"findings": findings}, asks)


def _question(task: Task, number: int, target: str, findings: str) -> str:
    line = next((one.strip() for one in findings.splitlines() if one.strip()), "it gave no findings")
    many = "1 round" if number == 1 else f"{number} rounds"
    return (
        f"{many} ended with FAIL, the last one by {task.task_type} {task.id}: {line[:FINDING_CHARS]}\n"
        f"Say how to go on: nightrun decide ID \"...\" (make decide TASK=ID TEXT='...'). It goes back to {target} then."
    )


def _step(task: Task, way: _Way, task_type: str, number: int, more: Mapping[str, Any], asks: str | None = None) -> Step:
    if way.item is None:
        return _plain(task, task_type, {"way": {"chain": list(way.types), "round": number}, **more}, asks)
    return Step(
        task_type=task_type,
        direction=task.direction,
        context={"item": {**way.item, "round": number}, **more},
        dedup_key=f"item:{way.item['key']}:{number}:{task_type}",
        needs_decision=asks,
    )


def _plain(task: Task, task_type: str, context: Mapping[str, Any], asks: str | None = None) -> Step:
    return Step(
        task_type=task_type,
        direction=task.direction,
        context=context,
        dedup_key=f"next:{task.id}",
        needs_decision=asks,
    )
