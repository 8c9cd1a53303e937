"""What a power cut does to a repository is found, and what is empty does not stay in the way."""

from __future__ import annotations

from pathlib import Path

from nightrun.hands import git_check
from tests.story import commit_all, git_out, write


def blob(repo: Path, text: str) -> Path:
    name = git_out(repo, "hash-object", str(write(repo, "looked-at.txt", text)))
    return repo / ".git/objects" / name[:2] / name[2:]


def emptied(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"")


def test_a_whole_repository_has_no_problem(repo: Path) -> None:
    assert git_check.remove_empty_objects(repo) == []
    assert git_check.problems(repo) == []


def test_an_empty_object_is_removed_so_that_git_writes_it_again(repo: Path) -> None:
    """Left by a git that was killed; another attempt writes the same content."""
    write(repo, "lost.txt", "lost\n")
    git_out(repo, "add", "lost.txt")
    path = blob(repo, "lost\n")
    emptied(path)
    assert git_check.remove_empty_objects(repo) == [path.parent.name + path.name]
    (repo / "looked-at.txt").unlink()
    git_out(repo, "add", "-A")
    commit_all(repo, "again")
    assert git_check.problems(repo) == []
    assert git_out(repo, "show", "HEAD:lost.txt") == "lost"


def test_what_is_missing_from_history_is_a_problem(repo: Path) -> None:
    write(repo, "lost.txt", "lost\n")
    sha = commit_all(repo, "work")
    emptied(repo / ".git/objects" / sha[:2] / sha[2:])
    git_check.remove_empty_objects(repo)
    assert any(sha in one for one in git_check.problems(repo))
