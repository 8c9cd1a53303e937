"""A person works in the checkout while the night goes on: nothing of theirs is touched, committed or lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

from nightrun.words.task import Task
from tests.stories.night import Night, check_one_commit_each, script, wait_until
from tests.story import git_out, write


def only(night: Night) -> Task:
    (task,) = night.client.tasks()[0]
    return task


def as_a_person(repo: Path, *args: str) -> None:
    """A landing may hold the index for a moment: git says that another one is at work, and a person tries again."""

    def done() -> bool:
        ran = subprocess.run(["git", *args], cwd=repo, capture_output=True, text=True)
        assert ran.returncode == 0 or "index.lock': File exists" in ran.stderr, ran.stderr
        return ran.returncode == 0

    wait_until(done, f"git {args[0]} gets the index")


def test_an_unrelated_edit_stays_uncommitted_and_in_no_commit(night: Night) -> None:
    write(night.root, "README.md", "# edited, not committed\n")
    write(night.root, "notes.txt", "untracked\n")
    with night.api() as client:
        client.add_task(script("echo a >a.txt"), "impl")
        client.add_task(script("echo b >b.txt"), "impl")
    assert night.until_idle() == 0, night.said()
    assert len(night.subjects()) == 2
    assert (night.root / "README.md").read_text() == "# edited, not committed\n"
    assert (night.root / "notes.txt").read_text() == "untracked\n"
    assert git_out(night.root, "status", "--porcelain").splitlines() == [" M README.md", "?? notes.txt"]
    assert "README.md" not in git_out(night.root, "log", "--name-only", "--format=", "-2")


def test_an_overlapping_edit_holds_the_landing_until_it_is_committed(night: Night) -> None:
    write(night.root, "README.md", "# mine\n")
    with night.api() as client:
        client.add_task(script("echo theirs >>README.md"), "impl")
    night.start()
    night.ready()
    held = wait_until(lambda: (one := only(night)).commit_state == "held" and one, "the landing is held")
    assert held.commit_reason == (
        "your uncommitted edits of README.md overlap with it; it lands once they are committed"
    )
    assert (night.root / "README.md").read_text() == "# mine\n"
    as_a_person(night.root, "checkout", "-q", "--", "README.md")
    write(night.root, "other.txt", "mine\n")
    as_a_person(night.root, "add", "other.txt")
    as_a_person(night.root, "commit", "-q", "-m", "mine")
    landed = wait_until(lambda: (one := only(night)).commit_state == "landed" and one, "it lands")
    assert night.stop() == 0
    assert (night.root / "README.md").read_text() == "# a project\ntheirs\n"
    assert (night.root / "other.txt").read_text() == "mine\n"
    check_one_commit_each(night, [landed])


def test_a_new_file_of_the_person_in_the_same_place_is_not_overwritten(night: Night) -> None:
    write(night.root, "a.txt", "mine\n")
    with night.api() as client:
        client.add_task(script("echo theirs >a.txt"), "impl")
    assert night.until_idle() == 1
    (task,) = night.tasks()
    assert task.commit_state == "held"
    assert "a.txt" in (task.commit_reason or "")
    assert (night.root / "a.txt").read_text() == "mine\n"


def test_commits_of_the_person_meanwhile_are_built_upon(night: Night) -> None:
    committed = night.root.parent / "committed"
    with night.api() as client:
        client.add_task(script(f"while [ ! -e '{committed}' ]; do sleep 0.05; done; echo a >a.txt"), "impl")
    night.start()
    night.ready()
    wait_until(lambda: only(night).status == "running", "it runs")
    write(night.root, "mine.txt", "mine\n")
    as_a_person(night.root, "add", "mine.txt")
    as_a_person(night.root, "commit", "-q", "-m", "mine")
    committed.touch()
    landed = wait_until(lambda: (one := only(night)).commit_state == "landed" and one, "it lands")
    assert night.stop() == 0
    check_one_commit_each(night, [landed])
    assert git_out(night.root, "log", "--format=%s", "-2").splitlines()[1] == "mine"
    assert git_out(night.root, "status", "--porcelain") == ""


def test_a_merge_in_progress_holds_the_landing_and_is_not_finished_by_it(night: Night) -> None:
    git_out(night.root, "checkout", "-q", "-b", "side")
    write(night.root, "README.md", "side\n")
    git_out(night.root, "commit", "-q", "-am", "side")
    git_out(night.root, "checkout", "-q", "main")
    write(night.root, "README.md", "main\n")
    git_out(night.root, "commit", "-q", "-am", "main")
    with night.api() as client:
        client.add_task(script("echo a >a.txt"), "impl")
    import subprocess

    assert subprocess.run(["git", "merge", "-q", "side"], cwd=night.root, capture_output=True).returncode == 1
    assert night.until_idle() == 1
    (task,) = night.tasks()
    assert task.commit_state == "held"
    assert "merge is in progress" in (task.commit_reason or "")
    assert (night.root / ".git/MERGE_HEAD").exists()
    assert night.subjects() == []
