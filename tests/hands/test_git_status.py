from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import git_status
from nightrun.hands.git import GitFailed
from tests.story import commit_all, git_out, write


def test_each_path_is_in_the_list_that_says_what_has_to_be_done(repo: Path) -> None:
    for name in ("edited", "deleted", "staged", "both"):
        write(repo, name, "1")
    head = commit_all(repo, "second")
    write(repo, "edited", "22")
    (repo / "deleted").unlink()
    write(repo, "staged", "22")
    write(repo, "both", "22")
    write(repo, "added and gone", "1")
    git_out(repo, "add", "staged", "both", "added and gone")
    (repo / "added and gone").unlink()
    write(repo, "both", "333")
    write(repo, "new\nname", "1")
    git_out(repo, "init", "-q", "nested")
    found = git_status.look(repo)
    assert (found.branch, found.head) == ("main", head)
    assert found.changed == ["both", "edited", "new\nname"]
    assert found.gone == ["added and gone", "deleted"]
    assert (found.staged, found.nested, found.unmerged) == (["staged"], ["nested/"], [])
    assert not found.is_clean


def test_nested_repositories_alone_are_no_change(repo: Path) -> None:
    git_out(repo, "init", "-q", "nested")
    assert git_status.look(repo).is_clean


def test_no_commit_yet(tmp_path: Path) -> None:
    git_out(tmp_path, "init", "-q", "fresh")
    found = git_status.look(tmp_path / "fresh")
    assert (found.branch, found.head, found.is_clean) == ("main", None, True)


def test_detached(repo: Path) -> None:
    git_out(repo, "switch", "-q", "--detach")
    assert git_status.look(repo).branch is None


def test_index_is_not_written(repo: Path) -> None:
    """The person's own git may be writing it."""
    write(repo, "README.md", "# a project\n")
    before = (repo / ".git/index").stat().st_mtime_ns
    git_status.look(repo)
    assert (repo / ".git/index").stat().st_mtime_ns == before


def test_no_repository_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(GitFailed):
        git_status.look(tmp_path)
