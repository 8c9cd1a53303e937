"""What is in the backlog files, and how far the tasks of their items are."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nightrun.decisions import backlog, chain
from nightrun.decisions.backlog import Item
from nightrun.hands import policy_file
from nightrun.hands.client import ApiAway, Client
from nightrun.policy.model import Backlog
from nightrun.words.task import Task

Facts = dict[str, Any]

LARGEST = 1 << 20  # bytes of a backlog file; a runner reads no more either
PAGE = 100
MOST_PAGES = 50  # of tasks, newest first: an item in work is never older
QUICK_S = 3.0


def look(root: Path) -> Facts:
    """`tasks_problem` says why nothing is known of the tasks, when nobody answers."""
    settings = policy_file.load(root).backlog
    files = list(_files(root, settings))
    items = [one for _, found in files for one in found]
    tasks, problem = _tasks(root)
    reached = chain.latest(tasks)
    waiting = [one for one in items if one.key not in reached]
    order = backlog.in_order(
        [one for one in waiting if not one.meta],
        [one for one in waiting if one.meta],
        settings.meta_ratio,
        taken=len(reached),
    )
    return {
        "files": [facts for facts, _ in files],
        "begun": [_begun(one, reached[one.key]) for one in items if not one.done and one.key in reached],
        "next": [asdict(one) for one in order],
        "meta_ratio": settings.meta_ratio,
        "ahead": settings.ahead,
        "tasks_problem": problem,
    }


def _files(root: Path, settings: Backlog) -> Iterator[tuple[Facts, list[Item]]]:
    names = [(name, False) for name in settings.files]
    if settings.meta and settings.meta not in settings.files:
        names.append((settings.meta, True))
    for name, meta in names:
        text, problem = _text(root / name)
        items = backlog.parse(text, name, settings.chain, meta=meta)
        done = sum(one.done for one in items)
        yield {"file": name, "meta": meta, "open": len(items) - done, "done": done, "problem": problem}, items


def _text(path: Path) -> tuple[str, str | None]:
    """The text, and why it is not all of the file."""
    try:
        # A named pipe would hold the reader until somebody writes to it.
        if not stat.S_ISREG(path.stat().st_mode):
            return "", "is not an ordinary file"
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        return "", "is not there"
    except OSError as error:
        return "", f"cannot be read: {error.strerror}"
    cut = f"is longer than {LARGEST >> 20} MiB; the rest does not count" if len(raw) > LARGEST else None
    return raw[:LARGEST].decode(errors="replace"), cut


def _begun(item: Item, task: Task) -> Facts:
    return {"item": asdict(item), "task": asdict(task), "round": chain.round_of(task), "over": chain.is_over(task)}


def _tasks(root: Path) -> tuple[list[Task], str | None]:
    client = Client.for_repo(root, timeout_s=QUICK_S)
    found: list[Task] = []
    try:
        for page in range(MOST_PAGES):
            tasks, total = client.tasks(limit=PAGE, offset=page * PAGE)
            found += tasks
            if (page + 1) * PAGE >= total:
                break
    except ApiAway as error:
        return [], error.message
    return found, None
