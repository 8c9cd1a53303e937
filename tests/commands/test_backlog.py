from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.decisions import backlog, chain
from nightrun.words.task import Task
from tests import story
from tests.commands.night import Night

FILE, META = "specs/backlog.md", "specs/007-meta-pipeline-backlog.md"
POLICY = "version: 1\ntask_types:\n" + "".join(f"  {n}: {{gate: []}}\n" for n in ("spec", "impl", "test", "review"))
ITEMS = "# Work\n\n- [x] Zero\n- [ ] [impl] One\n2. Two\n\n   why\n- [ ] Three\n- [ ] Four\n- [ ] Five\n"


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    prepare(made.root)
    yield made
    made.close()


def prepare(root: Path, items: str = ITEMS, meta: str = "- [ ] Better prompts\n") -> None:
    story.write(root, "pipeline.yaml", POLICY)
    story.write(root, FILE, items)
    story.write(root, META, meta)


def look(root: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["backlog", "--repo", str(root), *args])


def begin(night: Night, number: int) -> Task:
    """The first task of an item of ITEMS."""
    item = backlog.parse(ITEMS, FILE, ("spec", "impl", "test", "review"))[number]
    return add(night, chain.first(item))


def add(night: Night, step: chain.Step | None) -> Task:
    assert step is not None
    return night.add(step.direction, step.task_type, context=dict(step.context), dedup_key=step.dedup_key)


def test_files_and_what_is_next_without_an_api(repo: Path) -> None:
    prepare(repo)
    shown = look(repo)
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout == (
        "Files\n"
        "  specs/backlog.md: 5 open, 1 done\n"
        "  specs/007-meta-pipeline-backlog.md: 1 open, 0 done, 20% of what is taken\n"
        "\n"
        "Next\n"
        "  1. One (impl), specs/backlog.md:4\n"
        "  2. Two (spec impl test review), specs/backlog.md:5\n"
        "  3. Three (spec impl test review), specs/backlog.md:8\n"
        "  4. Four (spec impl test review), specs/backlog.md:9\n"
        "  5. Better prompts (spec impl test review), specs/007-meta-pipeline-backlog.md:1\n"
        "  6. Five (spec impl test review), specs/backlog.md:10\n"
        "  items that are begun already are not told apart: The nightrun API is not running here.\n"
    )
    assert not (repo / ".pipeline").exists()


def test_begun_items_are_shown_with_their_task(night: Night) -> None:
    running = begin(night, 1)
    night.claim()
    failed = begin(night, 2)
    night.end("failed", error_class="gate", error_summary="2 tests failed")
    asked = begin(night, 3)
    night.end("needs_decision", decision_prompt="Which name?")
    waits = begin(night, 4)
    shown = look(night.root).stdout
    assert (
        "\nBegun\n"
        f"  One: impl {running.id} running\n"
        f"  Two: spec {failed.id} failed: 2 tests failed\n    make logs TASK={failed.id}\n"
        f"  Three: spec {asked.id} needs a decision: Which name?\n    make decide TASK={asked.id} TEXT='...'\n"
        f"  Four: spec {waits.id} pending\n"
        "\nNext\n"
        "  1. Better prompts (spec impl test review), specs/007-meta-pipeline-backlog.md:1\n"
        "  2. Five (spec impl test review), specs/backlog.md:10\n"
    ) in shown
    assert "not told apart" not in shown


def test_rounds_held_changes_and_finished_items_are_said(night: Night) -> None:
    first = begin(night, 1)
    night.end(context={**first.context, "verdict": "FAIL", "findings": "no test"})
    back = add(
        night, chain.after(replace(first, context={**first.context, "verdict": "FAIL"}), rounds=3, following=None)
    )
    assert f"One: impl {back.id} pending, round 2\n" in look(night.root).stdout
    night.end()
    assert f"One: impl {back.id} was its last task; the item is not ticked here\n" in look(night.root).stdout
    night.client.patch(back.id, commit_state="pending")
    night.client.patch(back.id, commit_state="held", commit_reason="README.md has edits of yours")
    assert f"One: impl {back.id} held, round 2: README.md has edits of yours\n" in look(night.root).stdout


def test_backlog_for_programs(night: Night) -> None:
    task = begin(night, 1)
    said: dict[str, Any] = json.loads(look(night.root, "--json").stdout)
    assert [(one["file"], one["open"], one["done"]) for one in said["files"]] == [(FILE, 5, 1), (META, 1, 0)]
    assert [(one["item"]["text"], one["task"]["id"], one["over"]) for one in said["begun"]] == [("One", task.id, False)]
    assert [one["text"] for one in said["next"]] == ["Two", "Three", "Four", "Better prompts", "Five"]
    assert said["tasks_problem"] is None


def test_missing_and_odd_files_are_said(repo: Path) -> None:
    story.write(repo, "pipeline.yaml", POLICY + "backlog:\n  files: [specs/backlog.md, pipe, specs, long.md]\n")
    os.mkfifo(repo / "pipe")
    (repo / "specs").mkdir()
    story.write(repo, "long.md", "- [ ] a\n" + "text\n" * 300_000)
    shown = look(repo)
    assert shown.exit_code == 0
    assert shown.stdout.startswith(
        "Files\n"
        "  specs/backlog.md is not there\n"
        "  pipe is not an ordinary file\n"
        "  specs is not an ordinary file\n"
        "  long.md: 1 open, 0 done; it is longer than 1 MiB; the rest does not count\n"
        "  specs/007-meta-pipeline-backlog.md is not there\n"
    )


def test_many_items_are_cut_and_none_is_said(repo: Path) -> None:
    prepare(repo, "".join(f"- [ ] Item {number}\n" for number in range(25)), "")
    assert "  20. Item 19 (spec impl test review), specs/backlog.md:20\n  and 5 more\n" in look(repo).stdout
    prepare(repo, "- [x] done\n", "")
    assert "\nNext\n  no open item is left to begin\n" in look(repo).stdout


def test_text_of_an_item_cannot_move_the_cursor(repo: Path) -> None:
    prepare(repo, "- [ ] Add \x1b[2J\u202e flag\n", "")
    assert "  1. Add [2J flag (spec" in look(repo).stdout


def test_policy_that_is_missing_is_said(repo: Path) -> None:
    shown = look(repo)
    assert shown.exit_code == 78
    assert shown.stderr.startswith("nightrun: There is no pipeline.yaml in ")


def test_own_backlog_is_read_as_it_is_meant() -> None:
    """The examples in its text are no items."""
    root = Path(__file__).parents[2]
    for name in (FILE, META):
        text = (root / name).read_text()
        boxes = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith(("- [ ]", "- [x]"))]
        assert [one.line for one in backlog.parse(text, name, backlog.TYPES)] == boxes
