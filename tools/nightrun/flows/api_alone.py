"""The API without a run: a question or a new task, also where nothing ran before."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nightrun.hands import environment, git, own_api, state_dir
from nightrun.hands.client import ApiAway, Client
from nightrun.hands.state_dir import StateDir
from nightrun.words.task import Task

TRIES = 3


@contextmanager
def answering(root: Path) -> Iterator[Client]:
    """A client of the API that runs, or of one that runs as long as this; the state folder is made when needed."""
    with own_api.answering(root, lambda: _prepare(root)) as client:
        yield client


def add(root: Path, direction: str, task_type: str, **fields: Any) -> tuple[Task, list[dict[str, Any]]]:
    """Add a task, once; and the pauses that keep it from being worked on."""
    key = f"person:{secrets.token_hex(8)}"  # an answer that was lost is asked for again
    for left in reversed(range(TRIES)):
        try:
            with answering(root) as client:
                return client.add_task(direction, task_type, dedup_key=key, **fields), client.pauses()
        except ApiAway:
            # One that answered may have been started for another question, and has ended with it.
            if not left or environment.read(root).api_url:
                raise
    raise AssertionError("the last try returns or raises")


def _prepare(root: Path) -> None:
    state_dir.exclude(git.git_path(root, "info/exclude"))
    StateDir(root).create()
