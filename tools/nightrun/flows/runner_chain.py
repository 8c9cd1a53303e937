"""What follows a task, and where new work comes from: chains of items, `next` of a type, the backlog files."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from nightrun.decisions import backlog, chain
from nightrun.decisions.backlog import Item
from nightrun.decisions.chain import Step
from nightrun.flows.runner_world import World
from nightrun.hands import clock
from nightrun.hands.client import ApiAway, Refused
from nightrun.policy.model import Backlog
from nightrun.words import task as words
from nightrun.words.task import Task

LARGEST = 1 << 20  # bytes of a backlog file
FAR_S = 3600.0  # a task that is about to wait for a person is not claimed before that is said

WORKS, STUCK, DONE, FAILED = "works", "stuck", "done", "failed"

log = logging.getLogger("nightrun.runner")


@dataclass
class Known:
    """What this runner knows of the items; all of it can be asked for again."""

    ended: dict[str, str] = field(default_factory=dict)  # key -> DONE or FAILED
    last: dict[str, str] = field(default_factory=dict)  # key -> the task its chain is at
    begun: set[str] = field(default_factory=set)  # keys, for the share of the meta-backlog


def follow(world: World, task: Task) -> Task | None:
    """Add what comes after a completed task; it waits until this one has landed. Safe to repeat."""
    following = None if "item" in task.context else world.policy.task_types[task.task_type].next
    step = chain.after(task, rounds=world.policy.limits.rounds, following=following)
    return None if step is None else _add(world, step, after=task)


def feed(world: World, known: Known) -> None:
    """Begin items of the backlog while fewer are in work than the policy says."""
    settings = world.policy.backlog
    items = list(_items(world, settings))
    by_key = {one.key: one for one in items}
    at_work = sum(_state(world, known, by_key[key]) == WORKS for key in list(known.last) if key in by_key)
    unbegun = _unbegun(items, known, settings)
    while unbegun and at_work < settings.ahead:
        at_work += _state(world, known, unbegun[0]) == WORKS
        unbegun = _unbegun(items, known, settings)
    world.report(backlog_open=len(unbegun), plan=_plan(items, known, settings))


def _unbegun(items: list[Item], known: Known, settings: Backlog) -> list[Item]:
    """Those that this runner has not looked into, in the order they are to be begun."""
    left = [one for one in items if one.key not in known.begun]
    plain, meta = ([one for one in left if one.meta == wanted] for wanted in (False, True))
    return backlog.in_order(plain, meta, settings.meta_ratio, taken=len(known.begun))


def _items(world: World, settings: Backlog) -> Iterator[Item]:
    names = {name: False for name in settings.files} | ({settings.meta: True} if settings.meta else {})
    for name, meta in names.items():
        path = world.root / name
        if path.is_file():
            with path.open("rb") as file:
                text = file.read(LARGEST).decode("utf-8", errors="replace")
            yield from backlog.parse(text, name, settings.chain, meta=meta)


def _state(world: World, known: Known, item: Item) -> str:
    """Where the item's chain is; what is missing of it is added."""
    task = _reached(world, known, item)
    known.last[item.key] = task.id
    while task.status == words.COMPLETED:
        step = chain.after(task, rounds=world.policy.limits.rounds, following=None)
        if step is None:
            return _ended(known, item, DONE)
        if task.commit_state in (words.COMMIT_HELD, words.COMMIT_FAILED):
            return STUCK
        task = _add(world, step, after=task)
        known.last[item.key] = task.id
    if task.status == words.FAILED:
        return _ended(known, item, FAILED)
    waits = task.status == words.NEEDS_DECISION or (task.waiting_reason or "").startswith("needs ")
    return STUCK if waits else WORKS


def _reached(world: World, known: Known, item: Item) -> Task:
    """The task that the chain was at, else its first one."""
    if item.key in known.last:
        return world.client.task(known.last[item.key])
    known.begun.add(item.key)
    return _add(world, chain.first(item), after=None)


def _ended(known: Known, item: Item, state: str) -> str:
    known.ended[item.key] = state
    known.last.pop(item.key, None)
    return state


def _add(world: World, step: Step, *, after: Task | None) -> Task:
    """The same step again gives the same task: its dedup key says which one it is."""
    context: dict[str, Any] = dict(step.context)
    if after is not None:
        context["follows"] = after.id
    task = world.client.add_task(
        step.direction,
        step.task_type,
        context=context,
        dedup_key=step.dedup_key,
        depends_on=[after.id] if after is not None else [],
        ready_at=clock.now() + FAR_S if step.needs_decision else None,
    )
    if step.needs_decision and task.status == words.PENDING and task.decision is None and task.attempt == 0:
        task = _ask(world, task, step.needs_decision)
    return task


def _ask(world: World, task: Task, question: str) -> Task:
    try:
        return world.client.patch(task.id, status=words.NEEDS_DECISION, decision_prompt=question)
    except (ApiAway, Refused) as error:
        log.warning("%s: %s", task.id, error.message)
        return replace(task, status=words.NEEDS_DECISION)


def _plan(items: list[Item], known: Known, settings: Backlog) -> dict[str, Any]:
    done = sum(one.done or known.ended.get(one.key) == DONE for one in items)
    share = round(100 * done / len(items), 1) if items else 0.0
    return {"index": done, "total": len(items), "pct": share, "state_file": ", ".join(settings.files)}
