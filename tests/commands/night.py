"""A repository with an API that knows a few tasks: what a person finds in the morning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.hands.client import Client
from nightrun.words.task import Task
from tests import story
from tests.flows.api_world import Process


class Night:
    def __init__(self, folder: Path) -> None:
        self.root = story.new_repository(folder)
        self.api = Process(self.root).ready()
        self.client: Client = self.api.client()

    def add(self, direction: str = "Add a flag", task_type: str = "impl", **fields: Any) -> Task:
        return self.client.add_task(direction, task_type, **fields)

    def claim(self) -> Task:
        pid, start = self.api.child.pid, float(self.api.said()["start_time"])
        boot = self.client.health()["boot_id"]
        task = self.client.claim(runner="runner-1", pid=pid, boot_id=boot, start_time=start, agents=["script"])
        assert task is not None
        return task

    def end(self, status: str = "completed", **fields: Any) -> Task:
        """Claim the next task and end it."""
        task = self.claim()
        return self.client.patch(task.id, fencing_token=task.fencing_token, status=status, **fields)

    def log(self, task: Task, text: bytes) -> Path:
        path = self.api.state.task_log(task.id, task.attempt)
        path.write_bytes(text)
        return path

    def run(self, *args: str, **more: Any) -> Result:
        return CliRunner().invoke(main, [args[0], "--repo", str(self.root), *args[1:]], **more)

    def close(self) -> None:
        self.api.kill()
