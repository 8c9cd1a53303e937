"""Locks that killed gits left are removed; those that somebody may hold stay."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.hands import git_leftovers, git_worktree
from tests.story import git_out

LONG_AGO = time.time() - 3600


def lock(path: Path, *, when: float = LONG_AGO) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (when, when))
    return path


@pytest.fixture
def working_git(repo: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A git that is at work in the repository until the test ends."""
    working = subprocess.Popen(["git", "cat-file", "--batch"], cwd=repo, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert working.stdin is not None and working.stdout is not None
    working.stdin.write(b"HEAD\n")
    working.stdin.flush()
    working.stdout.read(1)
    yield working
    working.kill()
    working.communicate()


@pytest.mark.parametrize(
    "name", ["index.lock", "packed-refs.lock", "refs/heads/main.lock", "refs/heads/pipeline/x.1.lock"]
)
def test_an_old_lock_in_a_repository_where_no_git_works_is_removed(repo: Path, name: str) -> None:
    left = lock(repo / ".git" / name)
    assert git_leftovers.clear(repo) == [left.name]
    assert not left.exists()


def test_a_new_lock_stays(repo: Path) -> None:
    left = lock(repo / ".git/index.lock", when=time.time() + 60)
    assert git_leftovers.clear(repo, patience_s=0.0) == []
    assert left.exists()


def test_a_lock_stays_while_a_git_works_there(repo: Path, working_git: subprocess.Popen[bytes]) -> None:
    left = lock(repo / ".git/index.lock")
    assert git_leftovers.somebody_works(repo)
    assert git_leftovers.clear(repo, patience_s=0.0) == []
    assert left.exists()
    working_git.kill()
    working_git.wait()
    assert git_leftovers.clear(repo) == ["index.lock"]


def test_a_private_index_of_a_killed_commit_is_removed(repo: Path) -> None:
    lock(repo / ".git/nightrun-index.1.abc")
    kept = lock(repo / ".git/nightrun-index")
    assert git_leftovers.clear(repo) == ["nightrun-index.1.abc"]
    assert kept.exists()


def test_a_worktree_is_half_made_until_git_unlocked_it(repo: Path) -> None:
    folder = repo / ".pipeline/worktrees/t1.1"
    git_worktree.add(repo, folder, "pipeline/t1.1", git_out(repo, "rev-parse", "HEAD"))
    assert not git_leftovers.is_half_made(repo, folder)
    (repo / ".git/worktrees/t1.1/locked").write_text("initializing")
    assert git_leftovers.is_half_made(repo, folder)
    (repo / ".git/worktrees/t1.1/gitdir").unlink()
    assert [one.name for one in git_leftovers.half_made_worktrees(repo)] == ["t1.1"]
