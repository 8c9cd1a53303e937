"""A heal that suggests an item for the meta-backlog: the item is added by a `spec` task of its own, and committed."""

from __future__ import annotations

import logging

from nightrun.decisions import suggestion
from nightrun.flows.runner_world import World
from nightrun.hands import git_change
from nightrun.words.task import Task

HEAL = "heal"
SCRIPT = "script"

log = logging.getLogger("nightrun.runner")


def follow(world: World, task: Task, base_tree: str) -> list[str]:
    """The ids of the tasks that were added; the same item again is the same task."""
    file = world.policy.backlog.meta
    if task.task_type != HEAL or task.tree is None or file is None:
        return []
    before, after = (_text(world, tree, file) for tree in (base_tree, task.tree))
    added = []
    for item in suggestion.added(before, after, file):
        new = world.client.add_task(
            suggestion.direction(item, file),
            "spec",
            agent=SCRIPT,
            dedup_key=f"suggested:{item.key}",
            context={"suggested_by": task.id, "issue": task.context.get("issue"), "suggests": item.text[:500]},
        )
        log.info("heal %s suggests an item for %s: task %s", task.id, file, new.id)
        added.append(new.id)
    return added


def _text(world: World, tree: str, file: str) -> str:
    content = git_change.file_at(world.root, tree, file)
    return "" if content is None else content.decode("utf-8", errors="replace")
