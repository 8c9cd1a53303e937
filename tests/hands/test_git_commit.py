from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nightrun.hands import git_commit
from nightrun.hands.git import GitFailed, NoIdentity
from tests.story import git_out, new_repository

MAIN = "refs/heads/main"


def made(repo: Path, message: bytes = b"x\n", *, parent: bool = True, author: str | None = None) -> str:
    tree, tip = git_out(repo, "rev-parse", "HEAD^{tree}", "HEAD").split()
    return git_commit.commit_tree(repo, tree, tip if parent else None, message, author=author, sign=False)


def test_kept_work_is_nightruns_own_and_needs_no_identity(repo: Path, sealed: Path) -> None:
    (sealed / ".gitconfig").write_text("[user]\n    useConfigOnly = true\n")
    tree, tip = git_out(repo, "rev-parse", "HEAD^{tree}", "HEAD").split()
    sha = git_commit.kept(repo, tree, tip, "kept")
    assert git_out(repo, "log", "-1", "--format=%an <%ae> %cn %s %P", sha) == (
        f"nightrun <nightrun@localhost> nightrun kept {tip}"
    )


class TestCommitTree:
    def test_message_is_taken_byte_for_byte(self, repo: Path) -> None:
        message = "# kept\n\n  blanks  \n\nüber 🚀\n".encode() + b"x" * 300_000 + b"\n"
        raw = subprocess.run(["git", "cat-file", "commit", made(repo, message)], cwd=repo, capture_output=True).stdout
        assert raw.partition(b"\n\n")[2] == message

    def test_message_is_labelled_utf8_whatever_the_person_set(self, repo: Path) -> None:
        git_out(repo, "config", "i18n.commitEncoding", "latin1")
        sha = made(repo, "über\n".encode())
        assert git_out(repo, "log", "-1", "--encoding=UTF-8", "--format=%s", sha) == "über"

    def test_without_a_parent(self, repo: Path) -> None:
        assert git_out(repo, "log", "--format=%P", made(repo, parent=False)) == ""

    def test_author(self, repo: Path) -> None:
        assert git_out(repo, "log", "-1", "--format=%an|%ae", made(repo, author="A B <a@b>")) == "A B|a@b"

    def test_no_identity_is_made_up(self, repo: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (sealed / ".gitconfig").write_text("")
        monkeypatch.setenv("EMAIL", "")
        with pytest.raises(NoIdentity):
            made(repo)


class TestMoveRef:
    def test_only_from_where_it_was(self, repo: Path) -> None:
        old, new = git_out(repo, "rev-parse", "HEAD"), made(repo)
        assert not git_commit.move_ref(repo, MAIN, new, new, "why")
        assert git_out(repo, "rev-parse", "HEAD") == old
        assert git_commit.move_ref(repo, MAIN, new, old, "why")
        assert git_out(repo, "reflog", "-1", "--format=%gs") == "why"

    def test_none_is_only_for_one_that_is_not_there(self, repo: Path) -> None:
        new = made(repo)
        assert not git_commit.move_ref(repo, MAIN, new, None, "why")
        assert git_commit.move_ref(repo, "refs/heads/a/b", new, None, "why")
        assert git_out(repo, "rev-parse", "a/b") == new

    def test_failure_is_not_taken_for_a_move(self, repo: Path) -> None:
        with pytest.raises(GitFailed):
            git_commit.move_ref(repo, MAIN, "f" * 40, git_out(repo, "rev-parse", "HEAD"), "why")

    def test_folder_of_the_ref_is_made_durable(self, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """git leaves it to the kernel when a renamed ref reaches the disk (reliability.md D5)."""
        synced = []

        def note(descriptor: int) -> None:
            synced.append(os.fstat(descriptor).st_ino)

        monkeypatch.setattr(os, "fsync", note)
        git_commit.move_ref(repo, "refs/heads/a/b", made(repo), None, "why")
        assert synced == [(repo / ".git/refs" / name).stat().st_ino for name in ("heads/a", "heads", ".")]


def test_place_of_a_linked_worktree(repo: Path) -> None:
    git_out(repo, "worktree", "add", "-q", "../wt", "-b", "other")
    (repo.parent / "wt/below").mkdir()
    found = git_commit.place(repo.parent / "wt/below", git_out(repo, "rev-parse", "HEAD"))
    assert (found.top, found.common) == (repo.parent / "wt", repo / ".git")
    assert (found.git_dir, found.hooks) == (repo / ".git/worktrees/wt", repo / ".git/hooks")
    assert found.tree == git_out(repo, "rev-parse", "HEAD^{tree}")


def test_place_with_a_line_end_in_its_name(tmp_path: Path) -> None:
    repo = new_repository(tmp_path / "line\nend")
    found = git_commit.place(repo, git_out(repo, "rev-parse", "HEAD"))
    assert (found.top, found.git_dir, found.hooks) == (repo, repo / ".git", repo / ".git/hooks")


@pytest.mark.parametrize(("value", "wanted"), [(None, False), ("yes", True), ("0", False)])
def test_whether_the_person_signs(repo: Path, value: str | None, wanted: bool) -> None:
    if value:
        git_out(repo, "config", "commit.gpgSign", value)
    assert git_commit.signs(repo) is wanted
