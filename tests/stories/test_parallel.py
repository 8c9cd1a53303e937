"""Three runners at once: one line of commits, no task doubled, and a conflict is worked out by its agent."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from nightrun.words.task import Task
from tests.conftest import seal
from tests.stories.night import Night, all_tasks, check_one_commit_each, program
from tests.story import commit_all, git_out, write

WORKER = """\
import os
from pathlib import Path
Path(os.environ["PIPELINE_TASK_ID"] + ".txt").write_text(os.environ["PIPELINE_RUNNER"])
"""
ITEMS = ("one", "two", "three")


@dataclass
class Result:
    night: Night
    meet: Path
    many: list[str]
    same: list[str]
    code: int
    tasks: dict[str, Task]
    outcomes: dict[str, list[str]]  # of each attempt


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Result]:
    folder = tmp_path_factory.mktemp("parallel")
    with pytest.MonkeyPatch.context() as patch:
        seal(folder, patch)
        night = prepared(folder)
        try:
            yield run(night, folder / "meet")
        finally:
            night.close()


def prepared(folder: Path) -> Night:
    meet = folder / "meet"
    meet.mkdir()
    worker = write(folder, "worker.py", WORKER)
    agents = {
        "same": {"command": program("same_line.py", str(meet), "names.txt"), "prompt": "stdin"},
        "worker": {"command": [sys.executable, str(worker)]},
    }
    night = Night(
        folder / "repo",
        {
            "agents": agents,
            "task_types": {"impl": {"agent": "worker"}},
            "limits": {"backoff": ["100ms"]},
            "backlog": {"ahead": len(ITEMS)},
        },
        in_sandbox=True,
    )
    write(night.root, "names.txt", "names:\n")
    write(night.root, "specs/backlog.md", "".join(f"- [ ] [impl] {one}\n" for one in ITEMS))
    commit_all(night.root, "begin")
    return night


def run(night: Night, meet: Path) -> Result:
    with night.api() as client:
        same = [client.add_task("Add yourself to names.txt", "impl", agent="same", priority=5).id for _ in range(2)]
        many = [client.add_task(f"Task {n}", "impl").id for n in range(12)]
    code = night.until_idle("--runners", "3")
    with night.api() as client:
        tasks = {one.id: one for one in all_tasks(client)}
        outcomes = {one: [str(row["outcome"]) for row in client.attempts(one)] for one in tasks}
    return Result(night, meet, many, same, code, tasks, outcomes)


def test_twelve_tasks_of_three_runners_are_one_commit_each(result: Result) -> None:
    night = result.night
    assert result.code == 0, night.said()
    assert {(one.status, one.commit_state) for one in result.tasks.values()} == {("completed", "landed")}
    check_one_commit_each(night, list(result.tasks.values()))
    assert git_out(night.root, "rev-list", "--merges", "--count", "main") == "0"
    assert git_out(night.root, "status", "--porcelain") == ""
    runners = Counter(git_out(night.root, "show", f"main:{one}.txt") for one in result.many)
    assert set(runners) <= {"runner-1", "runner-2", "runner-3"} and len(runners) > 1
    assert list(night.state.worktrees.iterdir()) == []
    assert night.left() == []


def test_two_tasks_on_one_line_both_land_and_the_second_is_told_of_the_conflict(result: Result) -> None:
    tasks = sorted((result.tasks[one] for one in result.same), key=lambda one: one.attempt)
    assert [(one.attempt, one.failures) for one in tasks] == [(1, 0), (2, 1)], result.night.said()
    assert result.outcomes[tasks[1].id] == ["conflict", "completed"]
    told = (result.meet / f"{tasks[1].id}.2").read_text()
    assert "it conflicts in names.txt with what landed on main meanwhile" in told
    wanted = f"names: {tasks[0].id} {tasks[1].id}"
    assert git_out(result.night.root, "show", "main:names.txt") == wanted
    first_try = f"pipeline/{tasks[1].id}.1:names.txt"
    assert git_out(result.night.root, "show", first_try) == f"names: {tasks[1].id}"


def test_items_that_end_at_once_tick_the_same_file_without_conflict(result: Result) -> None:
    items = [one for one in result.tasks.values() if "item" in one.context]
    assert sorted(one.direction for one in items) == sorted(ITEMS)
    assert [one.attempt for one in items] == [1, 1, 1], result.night.said()
    ticked = "".join(f"- [x] [impl] {one}\n" for one in ITEMS)
    assert git_out(result.night.root, "show", "main:specs/backlog.md") == ticked.rstrip("\n")
    for one in items:
        assert "specs/backlog.md" in git_out(result.night.root, "show", "--format=", "--name-only", str(one.commit_sha))
