"""Finished work that was not committed, as its branches say."""

from __future__ import annotations

from pathlib import Path

from nightrun.hands import git, git_commit, left_work
from tests.story import git_out


def test_finished_work_is_found_by_its_branches_and_nothing_else_is(repo: Path) -> None:
    assert left_work.found(repo) == []
    tree, head = git_out(repo, "rev-parse", "HEAD^{tree}"), git_out(repo, "rev-parse", "HEAD")
    for branch, subject in (
        ("pipeline/t1.2", left_work.subject("impl", "t1")),
        ("pipeline/t2.1", "nightrun: kept work of impl t2, attempt 1 (gate)"),
        ("mine", left_work.subject("impl", "t3")),
    ):
        git.keep(repo, f"refs/heads/{branch}", git_commit.kept(repo, tree, head, subject))
    assert left_work.found(repo) == [{"task_type": "impl", "id": "t1", "branch": "pipeline/t1.2"}]
