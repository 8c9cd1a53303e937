"""Landing on a branch that a person has checked out and works in."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from nightrun.hands import git, git_change, git_land, git_recover, git_worktree
from tests.stories.crash import has_strace
from tests.story import commit_all, git_out, write


@pytest.fixture
def ahead(repo: Path) -> str:
    """A commit that main can be moved forward to; main is still behind it."""
    write(repo, "edited.py", "old\n")
    write(repo, "gone.py", "old\n")
    write(repo, "other.py", "old\n")
    commit_all(repo, "base")
    git_worktree.add(repo, repo / ".pipeline/worktrees/t1.1", "pipeline/t1.1", "HEAD")
    path = repo / ".pipeline/worktrees/t1.1"
    write(path, "edited.py", "new\n")
    write(path, "made/new.py", "new\n")
    (path / "gone.py").unlink()
    (repo / ".git/info/exclude").write_text(".pipeline\n")
    return commit_all(path, "work")


def head(repo: Path) -> str:
    return git_out(repo, "rev-parse", "main")


class TestMerge:
    def test_two_sides_that_agree_are_one_tree(self, repo: Path, ahead: str) -> None:
        write(repo, "other.py", "theirs\n")
        tip = commit_all(repo, "theirs")
        before = git_out(repo, "status", "--porcelain")
        merged = git_land.merge(repo, tip, ahead)
        assert merged.conflicts == ()
        assert git_change.file_at(repo, merged.tree, "edited.py") == b"new\n"
        assert git_change.file_at(repo, merged.tree, "other.py") == b"theirs\n"
        assert git_out(repo, "status", "--porcelain") == before

    def test_conflicts_are_named_once_each(self, repo: Path, ahead: str) -> None:
        write(repo, "edited.py", "theirs\n")
        write(repo, "gone.py", "theirs\n")
        tip = commit_all(repo, "theirs")
        merged = git_land.merge(repo, tip, ahead)
        assert merged.conflicts == ("edited.py", "gone.py")
        assert b"<<<<<<<" in (git_change.file_at(repo, merged.tree, "edited.py") or b"")


class TestCheckedOutAt:
    def test_the_work_tree_or_none(self, repo: Path, ahead: str) -> None:
        assert git_land.checked_out_at(repo, "main") == repo
        assert git_land.checked_out_at(repo, "pipeline/t1.1") == repo / ".pipeline/worktrees/t1.1"
        git_out(repo, "switch", "-q", "--detach")
        assert git_land.checked_out_at(repo, "main") is None

    def test_a_branch_in_the_middle_of_a_rebase_is_still_there(self, repo: Path, ahead: str) -> None:
        write(repo, "edited.py", "theirs\n")
        commit_all(repo, "theirs")
        assert subprocess.run(["git", "rebase", "-q", ahead], cwd=repo, capture_output=True).returncode
        assert git_land.checked_out_at(repo, "main") == repo
        assert git_land.fast_forward(repo, ahead).state == git_land.BUSY


class TestFastForward:
    def test_moves_files_index_and_branch(self, repo: Path, ahead: str) -> None:
        assert git_land.fast_forward(repo, ahead).state == git_land.DONE
        assert head(repo) == ahead
        assert git_out(repo, "status", "--porcelain") == ""
        assert git_land.fast_forward(repo, ahead).state == git_land.DONE

    def test_edits_elsewhere_stay_staged_or_not(self, repo: Path, ahead: str) -> None:
        write(repo, "other.py", "edited\n")
        write(repo, "staged.py", "staged\n")
        git_out(repo, "add", "staged.py")
        write(repo, "untracked.py", "untracked\n")
        before = git_out(repo, "status", "--porcelain")
        assert git_land.fast_forward(repo, ahead).state == git_land.DONE
        assert git_out(repo, "status", "--porcelain") == before
        assert (repo / "other.py").read_text() == "edited\n"

    @pytest.mark.parametrize(
        ("path", "ignored", "staged"),
        [
            ("edited.py", False, False),
            ("edited.py", False, True),
            ("gone.py", False, False),
            ("made/new.py", False, False),
            ("made/new.py", True, False),
            ("made/new.py", False, True),
        ],
    )
    def test_edits_in_the_way_are_named_and_untouched(
        self, repo: Path, ahead: str, path: str, ignored: bool, staged: bool
    ) -> None:
        if ignored:
            (repo / ".git/info/exclude").write_text(".pipeline\nmade\n")
        write(repo, path, "the person's\n")
        if staged:
            git_out(repo, "add", path)
        before, was = git_out(repo, "status", "--porcelain"), head(repo)
        done = git_land.fast_forward(repo, ahead)
        assert (done.state, done.paths) == (git_land.OVERLAP, (path,))
        assert (repo / path).read_text() == "the person's\n"
        assert (git_out(repo, "status", "--porcelain"), head(repo)) == (before, was)

    def test_a_setting_that_would_stash_edits_is_not_followed(self, repo: Path, ahead: str) -> None:
        git_out(repo, "config", "merge.autoStash", "true")
        write(repo, "edited.py", "the person's\n")
        assert git_land.fast_forward(repo, ahead).state == git_land.OVERLAP
        assert git_out(repo, "stash", "list") == ""

    def test_a_folder_with_files_where_a_file_shall_be(self, repo: Path, ahead: str) -> None:
        write(repo, "made/new.py/inside", "the person's\n")
        done = git_land.fast_forward(repo, ahead)
        assert done.state == git_land.OVERLAP
        assert done.paths
        assert (repo / "made/new.py/inside").read_text() == "the person's\n"

    def test_commits_of_its_own(self, repo: Path, ahead: str) -> None:
        write(repo, "other.py", "theirs\n")
        commit_all(repo, "theirs")
        assert git_land.fast_forward(repo, ahead).state == git_land.DIVERGED

    @pytest.mark.parametrize("mark", ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG", "rebase-merge/x"])
    def test_never_in_the_middle_of_something(self, repo: Path, ahead: str, mark: str) -> None:
        write(repo, f".git/{mark}", f"{head(repo)}\n")
        was = head(repo)
        assert git_land.fast_forward(repo, ahead).state == git_land.BUSY
        assert head(repo) == was

    def test_never_beside_unmerged_paths(self, repo: Path, ahead: str) -> None:
        write(repo, "other.py", "stashed\n")
        git_out(repo, "stash")
        write(repo, "other.py", "committed\n")
        commit_all(repo, "theirs")
        git_out(repo, "branch", "-f", "theirs")
        assert subprocess.run(["git", "stash", "pop"], cwd=repo, capture_output=True).returncode == 1
        done = git_land.fast_forward(repo, ahead)
        assert done.state == git_land.BUSY
        assert "<<<<<<<" in (repo / "other.py").read_text()

    def test_never_on_another_branch_than_meant(self, repo: Path, ahead: str) -> None:
        git_out(repo, "switch", "-q", "-c", "elsewhere")
        assert git_land.fast_forward(repo, ahead, branch="main").state == git_land.BUSY
        assert git_out(repo, "rev-parse", "elsewhere") == head(repo) != ahead

    def test_a_lock_of_another_git_is_waited_for_and_then_told(
        self, repo: Path, ahead: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(git, "_LOCK_WAITS_S", (0.0, 0.0))
        lock = write(repo, ".git/index.lock", "")
        done = git_land.fast_forward(repo, ahead)
        assert done.state == git_land.BUSY
        assert str(lock) in done.detail
        assert lock.exists()
        lock.unlink()
        assert git_land.fast_forward(repo, ahead).state == git_land.DONE

    def test_no_hook_or_filter_of_a_repository_is_needed(self, repo: Path, ahead: str) -> None:
        write(repo, ".git/hooks/post-merge", f"#!/bin/sh\ntouch {repo.parent}/ran\n").chmod(0o755)
        assert git_land.fast_forward(repo, ahead).state == git_land.DONE
        assert not (repo.parent / "ran").exists()

    @pytest.mark.skipif(not has_strace(), reason="strace cannot make a system call fail here")
    def test_a_file_that_git_could_not_remove_is_removed(
        self, repo: Path, ahead: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """git warns of it and ends with 0; the file looked like a new one of the person's."""
        real, path = shutil.which("git"), os.environ["PATH"]
        failing = "-P gone.py -e trace=unlink -e inject=unlink:error=EIO"
        write(tmp_path, "bin/git", f'#!/bin/sh\nexec strace -qqq -o /dev/null {failing} {real} "$@"\n').chmod(0o755)
        with monkeypatch.context() as patched:
            patched.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{path}")
            assert git_land.fast_forward(repo, ahead).state == git_land.DONE
        assert not (repo / "gone.py").exists()
        assert git_out(repo, "status", "--porcelain") == ""
        write(repo, "gone.py", "of the person\n")
        git_recover.finish_removals(repo, "ORIG_HEAD", ahead)
        assert (repo / "gone.py").read_text() == "of the person\n"

    def test_half_written_files_are_taken_back_when_git_fails(self, repo: Path, ahead: str) -> None:
        git_out(repo, "config", "filter.broken.smudge", "false")
        git_out(repo, "config", "filter.broken.required", "true")
        (repo / ".git/info/attributes").write_text("new.py filter=broken\n")
        done = git_land.fast_forward(repo, ahead)
        assert done.state == git_land.FAILED, done
        assert git_out(repo, "status", "--porcelain") == ""
        assert (repo / "gone.py").exists()


def test_names_with_any_bytes_can_be_in_the_way(repo: Path) -> None:
    name = "ä \udcff"
    write(repo, ".gitignore", ".pipeline\n")
    base = commit_all(repo, "base")
    (repo / name).write_text("new")
    sha = commit_all(repo, "work")
    git_out(repo, "reset", "-q", "--hard", base)
    (repo / name).write_text("the person's")
    assert git_land.fast_forward(repo, sha).paths == (name,)
    assert os.path.lexists(repo / name)
