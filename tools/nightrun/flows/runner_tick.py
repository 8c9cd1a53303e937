"""Ticking a finished item in its backlog file, inside the commit of its last task."""

from __future__ import annotations

from pathlib import Path

from nightrun.decisions import backlog, chain
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import LANDING, World, alone
from nightrun.hands import git_change
from nightrun.words.task import Task

FAIL = "FAIL"


def is_due(world: World, task: Task, verdict: str | None) -> bool:
    known = chain.latest([task])  # anybody may add a task with any context
    return world.policy.backlog.tick and bool(known) and verdict != FAIL and chain.is_last(task)


def write(world: World, task: Task, place: Place) -> bool:
    """Whether the file was changed.

    A backlog that the person is editing is left alone: the tick would only hold the landing up. Without it the item is
    done all the same, the store knows.
    """
    path = _file(task, place)
    if path is None or not _is_at_rest(world, task, place):
        return False
    old = path.read_bytes().decode("utf-8", errors="surrogateescape")
    new = backlog.tick(old, str(task.context["item"]["key"]))
    if new == old:
        return False
    path.write_bytes(new.encode("utf-8", errors="surrogateescape"))
    return True


def again(task: Task, content: bytes) -> bytes:
    """The content of a backlog file, with this task's item ticked: used when it was changed meanwhile."""
    text = content.decode("utf-8", errors="surrogateescape")
    return backlog.tick(text, str(task.context["item"]["key"])).encode("utf-8", errors="surrogateescape")


def _file(task: Task, place: Place) -> Path | None:
    path = place.path / str(task.context["item"]["file"])
    return path if path.is_file() and not path.is_symlink() else None


def _is_at_rest(world: World, task: Task, place: Place) -> bool:
    if place.is_root:
        return True
    with alone(world, LANDING):  # in the midst of another one's landing the file looks edited
        return git_change.path_is_clean(world.root, str(task.context["item"]["file"]))
