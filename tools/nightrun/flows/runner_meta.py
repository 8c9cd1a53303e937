"""A heal that suggests an item for the meta-backlog: the item is added by a `spec` task of its own, and committed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from nightrun.decisions import backlog, short_direction, suggestion
from nightrun.decisions.backlog import Item
from nightrun.flows.runner_world import World
from nightrun.hands import git_change
from nightrun.words.task import Task

HEAL = "heal"
SCRIPT = "script"
LARGEST = 1 << 20  # characters of a backlog file

log = logging.getLogger("nightrun.runner")


def follow(world: World, task: Task, base_tree: str) -> list[str]:
    """The ids of the tasks that were added; the same item again is the same task.

    While an item of an earlier heal is open for the same condition and fingerprint none is added: a heal that comes
    back names its root cause anew each time. All that one heal suggests are added, up to `suggestion.MOST`.
    """
    file = world.policy.backlog.meta
    if task.task_type != HEAL or task.tree is None or file is None:
        return []
    before, after = (_text(world, tree, file) for tree in (base_tree, task.tree))
    items = suggestion.added(before, after, file)
    first = _open(world, task, file) if items else None
    added = []
    for item in items:
        if first is not None and first["item"]["key"] != item.key:
            _say_not_added(world, task, item, first)
            continue
        added.append(_add(world, task, item, file))
    return added


def _add(world: World, task: Task, item: Item, file: str) -> str:
    new = world.client.add_task(
        suggestion.direction(item, file),
        "spec",
        agent=SCRIPT,
        dedup_key=f"{suggestion.KEY}{item.key}",
        context={"suggested_by": task.id, "issue": suggestion.issue_of(task), "suggests": item.text[:500]},
    )
    log.info("heal %s suggests an item for %s: task %s", task.id, file, new.id)
    return new.id


def _open(world: World, task: Task, file: str) -> Mapping[str, Any] | None:
    if not suggestion.has_kind(task):
        return None
    return suggestion.open_one(task, world.client.issues().get("suggested") or (), _undone(world, file))


def _undone(world: World, file: str) -> set[str]:
    """The keys of the items that a runner would take up from there."""
    path = world.root / file
    text = path.read_text("utf-8", errors="replace") if path.is_file() else ""
    return {one.key for one in backlog.parse(text[:LARGEST], file, ()) if not one.done}


def _say_not_added(world: World, task: Task, item: Item, first: Mapping[str, Any]) -> None:
    text = short_direction.short(item.text, suggestion.TITLE_CHARS)
    said = f"item {text!r} was not added: that of task {first['task']} is open for the same condition and fingerprint"
    log.info("heal %s: %s", task.id, said)
    world.client.note(task.id, said)


def _text(world: World, tree: str, file: str) -> str:
    content = git_change.file_at(world.root, tree, file)
    return "" if content is None else content.decode("utf-8", errors="replace")
