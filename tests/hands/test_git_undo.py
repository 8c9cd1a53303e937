from __future__ import annotations

from pathlib import Path

from nightrun.hands import git_history, git_undo
from tests.pipeline_commits import task_commit
from tests.story import commit_all, git_out, write


def test_a_tree_without_a_commit_is_what_git_revert_makes(repo: Path) -> None:
    sha = task_commit(repo, "t1", {"one": "1\n", "README.md": "# another title\n"})
    write(repo, "mine", "mine\n")
    commit_all(repo, "by hand")
    (commit,) = git_history.pipeline_commits(repo, sha)
    before = (git_out(repo, "status", "--porcelain"), git_out(repo, "for-each-ref"))
    merged = git_undo.without(repo, git_out(repo, "rev-parse", "HEAD^{tree}"), commit)
    assert (git_out(repo, "status", "--porcelain"), git_out(repo, "for-each-ref")) == before
    git_out(repo, "revert", "--no-edit", sha)
    assert (merged.tree, merged.conflicts) == (git_out(repo, "rev-parse", "HEAD^{tree}"), ())


def test_later_changes_of_the_same_lines_conflict(repo: Path) -> None:
    sha = task_commit(repo, "t1", {"README.md": "# another title\n"})
    write(repo, "README.md", "# a third title\n")
    commit_all(repo, "by hand")
    (commit,) = git_history.pipeline_commits(repo, sha)
    assert git_undo.without(repo, git_out(repo, "rev-parse", "HEAD^{tree}"), commit).conflicts == ("README.md",)
