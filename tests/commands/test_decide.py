from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.decisions import prompt
from nightrun.words.task import Task
from tests.commands.night import Night
from tests.story import commit_all, git_out, write


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


def test_answer_puts_the_task_back_to_work(night: Night) -> None:
    assert night.run("decide").stdout == "Nothing waits for you.\n"
    night.add("Name the flag")
    task = night.end("needs_decision", decision_prompt="Which name?")
    line = f"impl {task.id} Name the flag: Which name?\n    make decide TASK={task.id} TEXT='...'\n"
    assert night.run("decide").stdout == f"{line}1 task needs a decision.\n"
    assert night.run("decide", task.id, "Call it `--all`").stdout == f"impl {task.id} goes back to work.\n"
    after = night.client.task(task.id)
    assert (after.status, after.decision) == ("pending", "Call it `--all`")
    again = night.run("decide", task.id, "no, --every")
    assert again.exit_code == 1
    assert again.stderr.startswith("nightrun: The API refused this (409): ")


def test_a_task_that_nobody_shall_work_on_any_more_is_dropped(night: Night) -> None:
    night.add("Name the flag")
    task = night.end("needs_decision", decision_prompt="Which name?", error_class="conflict", error_summary="x")
    assert night.run("decide", task.id, "--drop", "did it myself").stdout == f"impl {task.id} is dropped.\n"
    after = night.client.task(task.id)
    assert (after.status, after.error_class) == ("failed", "interrupted")
    assert after.error_summary == "dropped by a person: did it myself"
    again = night.run("decide", task.id, "--drop")
    assert (again.exit_code, "is failed: only a task that needs" in again.stderr) == (1, True)
    assert night.run("decide", "--drop").exit_code == 2


def test_half_an_answer_is_wrong_use(night: Night) -> None:
    shown = night.run("decide", "t1")
    assert shown.exit_code == 2
    assert shown.stderr.startswith("nightrun: The answer is missing.\n")


def test_where_nothing_ran_it_says_so(repo: Path) -> None:
    from click.testing import CliRunner

    from nightrun.cli import main

    shown = CliRunner().invoke(main, ["decide", "--repo", str(repo)])
    assert shown.exit_code == 1
    assert shown.stderr.startswith("nightrun: Nothing has run here yet.\n")


def test_an_answer_counts_after_the_run_has_ended(night: Night) -> None:
    night.add("Name the flag")
    task = night.end("needs_decision", decision_prompt="Which name?")
    night.close()
    assert night.run("decide", task.id, "--all").exit_code == 2  # an option to us, not an answer
    shown = night.run("decide", task.id, "Call it all")
    assert (shown.exit_code, shown.stdout) == (0, f"impl {task.id} goes back to work.\n")


# -- a finished change that is held


@pytest.fixture
def held(night: Night) -> Task:
    """A completed task whose commit is on its branch and waits for a person."""
    gates = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test", "review"))
    write(night.root, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}")
    base = commit_all(night.root, "policy")
    write(night.root, "Makefile", "all:\n")
    git_out(night.root, "add", "Makefile")
    tree = git_out(night.root, "write-tree")
    git_out(night.root, "rm", "-q", "--cached", "Makefile")
    (night.root / "Makefile").unlink()
    night.add("Write a makefile")
    task = night.end(
        tree=tree,
        base=base,
        branch="pipeline/held.1",
        gate={"result": "passed", "seconds": 0.1, "commands": ["true"], "tree": tree},
        context={"held": ["protected_paths: Makefile: This file is new"]},
    )
    return night.client.patch(task.id, commit_state="held", commit_reason="a person must look at it first")


def test_a_held_change_is_listed(night: Night, held: Task) -> None:
    shown = night.run("decide").stdout
    assert f"impl {held.id} Write a makefile is held: a person must look at it first" in shown
    assert f"`make decide TASK={held.id} TEXT=accept` lands it, TEXT='refuse: ...' sends it back to work." in shown
    assert f"\n    git log -p -1 {held.branch}\n1 task needs a decision.\n" in shown
    assert [one["id"] for one in json.loads(night.run("decide", "--json").stdout)["held"]] == [held.id]


def test_an_accepted_change_is_committed_and_lands(night: Night, held: Task) -> None:
    shown = night.run("decide", held.id, "accept")
    assert shown.exit_code == 0, shown.output
    sha = git_out(night.root, "rev-parse", "HEAD")
    assert shown.stdout == f"impl {held.id} landed as {sha[:10]}.\n"
    assert (night.root / "Makefile").exists()
    assert night.client.task(held.id).commit_state == "landed"
    assert night.run("decide").stdout == "Nothing waits for you.\n"


def test_a_refused_change_goes_back_to_work_with_the_finding_and_the_reason(night: Night, held: Task) -> None:
    before = git_out(night.root, "rev-parse", "HEAD")
    shown = night.run("decide", held.id, "refuse: put it into tasks.py")
    assert (shown.exit_code, shown.stdout) == (0, f"impl {held.id} goes back to work.\n")
    after = night.client.task(held.id)
    assert (after.status, after.commit_state, after.error_class, after.failures) == ("pending", "none", "scan", 0)
    assert after.error_summary == (
        "A person refused the change: put it into tasks.py It had been held: "
        "protected_paths: Makefile: This file is new"
    )
    assert "put it into tasks.py" in prompt.build(after, type_prompt=None, context=after.context)
    assert git_out(night.root, "rev-parse", "HEAD") == before


@pytest.mark.parametrize("answer", ["maybe", "accept: but only half", "acceptable"])
def test_another_answer_to_a_held_change_is_wrong_use(answer: str, night: Night, held: Task) -> None:
    shown = night.run("decide", held.id, answer)
    assert shown.exit_code == 2
    assert "its change can be accepted or refused.\n" in shown.stderr


def test_what_has_landed_is_undone_and_not_refused(night: Night) -> None:
    night.add("Done")
    task = night.end(commit_state="landed", commit_sha="a" * 40)
    shown = night.run("decide", task.id, "refuse")
    assert shown.exit_code == 1
    assert shown.stderr.endswith(f"nightrun undo --task {task.id}\n")
