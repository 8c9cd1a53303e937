"""Worktrees of attempts: made without the person's hooks, and gone in whatever state they were left."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nightrun.hands import git, git_worktree
from nightrun.words.errors import NightrunError
from tests.story import commit_all, git_out, write

PATH = ".pipeline/worktrees/t1.1"
BRANCH = "pipeline/t1.1"


def add(repo: Path) -> Path:
    git_worktree.add(repo, repo / PATH, BRANCH, "HEAD")
    return repo / PATH


def listed(repo: Path) -> list[Path]:
    return [path for path, _, _ in git.worktrees(repo)]


class TestAdd:
    def test_is_a_linked_worktree_on_its_branch(self, repo: Path) -> None:
        path = add(repo)
        head = git_out(repo, "rev-parse", "HEAD")
        assert git.worktrees(repo) == [(repo, head, "main"), (path, head, BRANCH)]
        assert git.root(path) == repo
        assert (path / "README.md").exists()

    def test_without_a_branch_it_is_detached(self, repo: Path) -> None:
        git_worktree.add(repo, repo / PATH, None, "HEAD")
        assert git.state(repo / PATH).detached

    def test_no_hook_of_the_person_runs(self, repo: Path) -> None:
        for name in ("post-checkout", "reference-transaction"):
            hook = write(repo, f".git/hooks/{name}", f"#!/bin/sh\ntouch {repo.parent}/ran\n")
            hook.chmod(0o755)
        add(repo)
        git_worktree.remove(repo, repo / PATH)
        assert not (repo.parent / "ran").exists()

    def test_a_branch_that_follows_another_is_not_written_into_the_configuration(self, repo: Path) -> None:
        git_out(repo, "config", "branch.autoSetupMerge", "always")
        before = (repo / ".git/config").read_bytes()
        git_worktree.add(repo, repo / PATH, BRANCH, "main")
        assert (repo / ".git/config").read_bytes() == before

    def test_works_where_a_registered_one_is_gone(self, repo: Path) -> None:
        shutil.rmtree(add(repo))
        git_out(repo, "branch", "-m", BRANCH, "kept")
        assert add(repo).is_dir()


def as_nobody(repo: Path, act: Callable[[], None]) -> int:
    """Root may write into read-only folders, so a test that runs as root would show nothing. The exit code."""
    for folder, _, names in os.walk(repo):
        for one in (folder, *(os.path.join(folder, name) for name in names)):
            os.chown(one, 65534, 65534, follow_symlinks=False)
    for above in repo.parents[:-2]:
        above.chmod(above.stat().st_mode | 0o055)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgid(65534)
            os.setuid(65534)
            act()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(pid, 0)[1]


DAMAGES: dict[str, Callable[[Path, Path], object]] = {
    "whole": lambda path, entry: None,
    "folder gone": lambda path, entry: shutil.rmtree(path),
    "dot git gone": lambda path, entry: (path / ".git").unlink(),
    "another repository": lambda path, entry: ((path / ".git").unlink(), git_out(path, "init", "-q")),
    "locked": lambda path, entry: (entry / "locked").write_text("initializing"),
    "index locked": lambda path, entry: (entry / "index.lock").touch(),
    "no HEAD": lambda path, entry: (entry / "HEAD").unlink(),
    "no commondir": lambda path, entry: (entry / "commondir").unlink(),
    "not registered": lambda path, entry: shutil.rmtree(entry),
    "a file in its place": lambda path, entry: (shutil.rmtree(path), path.write_text("x")),
}


class TestRemove:
    @pytest.mark.parametrize("damage", DAMAGES)
    def test_is_gone_whatever_was_left(self, repo: Path, damage: str) -> None:
        path = add(repo)
        DAMAGES[damage](path, git.git_dir(path))
        git_worktree.remove(repo, path)
        assert not os.path.lexists(path)
        assert listed(repo) == [repo]
        git_worktree.remove(repo, path)
        git_out(repo, "branch", "-D", BRANCH)
        assert add(repo).is_dir()

    def test_read_only_folders_are_removed(self, repo: Path) -> None:
        path = add(repo)
        write(path, "cache/mod/file", "x").chmod(0o400)
        (path / "cache/mod").chmod(0o500)
        (path / "cache").chmod(0o000)
        if os.geteuid() == 0:
            assert as_nobody(repo, lambda: git_worktree.remove(repo, path)) == 0
        else:
            git_worktree.remove(repo, path)
        assert not path.exists()

    def test_what_a_link_in_it_points_to_stays(self, repo: Path) -> None:
        path = add(repo)
        outside = write(repo.parent, "outside/file", "x")
        (path / "link").symlink_to(outside.parent)
        git_worktree.remove(repo, path)
        assert outside.exists()

    def test_a_dot_git_that_names_another_worktree_harms_none(self, repo: Path) -> None:
        git_out(repo, "worktree", "add", "-q", "-b", "person", "../person")
        path = add(repo)
        (path / ".git").write_text((repo.parent / "person/.git").read_text())
        git_worktree.remove(repo, path)
        assert git_out(repo.parent / "person", "status", "--porcelain") == ""

    def test_one_whose_removal_was_killed_does_not_look_like_work(
        self, repo: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = add(repo)

        def killed(folder: Path) -> None:
            (folder / "README.md").unlink()
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr("nightrun.hands.git_worktree.shutil.rmtree", killed)
            git_worktree.remove(repo, path)
        assert not path.exists()
        (left,) = path.parent.iterdir()
        assert git_worktree.is_aside(left)
        git_worktree.remove(repo, left)
        git_worktree.prune(repo)
        assert (list(path.parent.iterdir()), listed(repo)) == ([], [repo])

    def test_what_is_no_worktree_is_not_removed(self, repo: Path) -> None:
        outside = write(repo.parent, "outside/file", "x")
        for path in (outside.parent, repo):
            with pytest.raises(NightrunError, match="is no worktree of"):
                git_worktree.remove(repo, path)
        assert outside.exists()


class TestPrune:
    def test_forgets_ours_and_no_others(self, repo: Path) -> None:
        git_out(repo, "worktree", "add", "-q", "-b", "person", "../person")
        shutil.rmtree(repo.parent / "person")
        gone = add(repo)
        there = repo / ".pipeline/worktrees/t2.1"
        git_worktree.add(repo, there, "pipeline/t2.1", "HEAD")
        shutil.rmtree(gone)
        git_worktree.prune(repo)
        assert listed(repo) == [repo, repo.parent / "person", there]

    def test_one_that_git_is_making_now_stays(self, repo: Path) -> None:
        path = add(repo)
        (git.git_dir(path) / "locked").write_text("initializing")
        (path / ".git").unlink()
        git_worktree.prune(repo)
        assert path in listed(repo)


class TestDeleteBranch:
    def test_only_at_the_expected_commit_and_nowhere_checked_out(self, repo: Path) -> None:
        path, tip = add(repo), git_out(repo, "rev-parse", "HEAD")
        assert not git_worktree.delete_branch(repo, BRANCH, tip), "it is checked out"
        git_worktree.remove(repo, path)
        write(repo, "new", "x")
        moved = commit_all(repo, "later")
        assert not git_worktree.delete_branch(repo, BRANCH, moved)
        assert git.tip(repo, f"refs/heads/{BRANCH}") == tip
        assert git_worktree.delete_branch(repo, BRANCH, tip)
        assert git.tip(repo, f"refs/heads/{BRANCH}") is None
        assert not git_worktree.delete_branch(repo, BRANCH, tip)
        assert not git_worktree.delete_branch(repo, "main", moved)


class TestStaleLocks:
    def test_those_of_the_attempt_go_and_what_a_person_may_hold_stays(self, repo: Path) -> None:
        path = add(repo)
        own = git.git_dir(path)
        ours = [own / "index.lock", own / "HEAD.lock", repo / f".git/refs/heads/{BRANCH}.lock"]
        theirs = [repo / ".git/index.lock", repo / ".git/refs/heads/main.lock", repo / ".git/packed-refs.lock"]
        for lock in (*ours, *theirs):
            lock.touch()
        assert sorted(git_worktree.clear_stale_locks(repo, path)) == sorted(map(str, ours))
        assert [lock.exists() for lock in (*ours, *theirs)] == [False] * 3 + [True] * 3

    def test_what_is_from_before_the_boot_goes(self, repo: Path) -> None:
        for name in ("index.lock", "refs/heads/main.lock"):
            write(repo, f".git/{name}", "")
            os.utime(repo / ".git" / name, (1, 1))
        assert len(git_worktree.clear_stale_locks(repo, repo)) == 2
        assert subprocess.run(["git", "add", "-A"], cwd=repo).returncode == 0
