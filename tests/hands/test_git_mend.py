"""Worktrees of attempts after a power cut: git's small files are empty, and the work is kept all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import git, git_change, git_mend, git_worktree
from tests.story import commit_all, git_out, write

BRANCH = "pipeline/t1.1"


@pytest.fixture
def folder(repo: Path) -> Path:
    path = repo / ".pipeline/worktrees/t1.1"
    git_worktree.add(repo, path, BRANCH, "HEAD")
    write(path, "new.txt", "work\n")
    return path


def mend(repo: Path, folder: Path) -> list[str]:
    return git_mend.worktree(repo, folder, BRANCH, git_out(repo, "rev-parse", "main"))


def files_of(folder: Path) -> list[str]:
    return git_out(folder, "ls-tree", "-r", "--name-only", git_change.snapshot(folder)).splitlines()


@pytest.mark.parametrize("content", [b"", b"\0" * 64], ids=["empty", "zeros"])
@pytest.mark.parametrize("name", [".git", "gitdir", "commondir", "HEAD", "index"])
def test_a_file_that_came_back_broken_is_written_anew(repo: Path, folder: Path, name: str, content: bytes) -> None:
    path = folder / name if name == ".git" else git.git_dir(folder) / name
    path.write_bytes(content)
    assert mend(repo, folder) == [name]
    assert (files_of(folder), git.current_branch(folder)) == (["README.md", "new.txt"], BRANCH)
    assert mend(repo, folder) == []


def test_all_of_them_and_the_branch(repo: Path, folder: Path) -> None:
    entry = git.git_dir(folder)
    for path in (folder / ".git", *(entry / name for name in ("gitdir", "commondir", "HEAD", "index"))):
        path.write_bytes(b"")
    (repo / ".git/refs/heads" / BRANCH).write_bytes(b"")
    assert mend(repo, folder) == [".git", "gitdir", "commondir", "t1.1", "HEAD", "index"]
    assert files_of(folder) == ["README.md", "new.txt"]
    assert git.state(folder).detached
    assert git_out(repo, "fsck", "--no-dangling") == ""


def test_one_that_is_whole_is_left_alone(repo: Path, folder: Path) -> None:
    write(folder, "mine.txt", "committed by the agent\n")
    sha = commit_all(folder, "own")
    assert mend(repo, folder) == []
    assert git.tip(folder, "HEAD") == sha


def test_a_repository_that_an_agent_put_there_is_not_touched(repo: Path, folder: Path) -> None:
    (folder / ".git").unlink()
    git_out(folder, "init", "-q")
    assert mend(repo, folder) == []
    assert (folder / ".git").is_dir()
