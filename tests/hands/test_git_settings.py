from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import git, git_settings
from tests.story import git_out, write


def test_settings_and_each_hook_change_the_mark(repo: Path) -> None:
    marks = [git_settings.mark(repo)]
    git_out(repo, "config", "core.fsmonitor", "touch ran")
    marks.append(git_settings.mark(repo))
    hook = write(repo, ".git/hooks/post-commit", "#!/bin/sh\n")
    hook.chmod(0o755)
    marks.append(git_settings.mark(repo))
    hook.write_text("#!/bin/sh\ntouch ran\n")
    marks.append(git_settings.mark(repo))
    write(repo, "own/pre-commit", "#!/bin/sh\n").chmod(0o755)
    git_out(repo, "config", "core.hooksPath", "own")
    marks.append(git_settings.mark(repo))
    write(repo, "own/pre-commit", "#!/bin/sh\ntouch ran\n")
    marks.append(git_settings.mark(repo))
    assert len(set(marks)) == len(marks)


def test_work_and_files_that_git_does_not_run_leave_it(repo: Path) -> None:
    before = git_settings.mark(repo)
    write(repo, ".git/hooks/commit-msg.sample", "#!/bin/sh\n").chmod(0o755)
    write(repo, ".git/hooks/notes", "not executable\n")
    write(repo, "a.txt", "a\n")
    git_out(repo, "add", "a.txt")
    git_out(repo, "commit", "-q", "-m", "a")
    assert git_settings.mark(repo) == before


def test_what_a_linked_work_tree_has_for_itself_is_seen(repo: Path, tmp_path: Path) -> None:
    """A clean filter there runs with the next `git add` in it."""
    git_out(repo, "config", "extensions.worktreeConfig", "true")
    git_out(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    before = git_settings.mark(repo)
    git_out(tmp_path / "linked", "config", "--worktree", "filter.x.clean", "touch ran; cat")
    planted = git_settings.mark(repo)
    git_out(repo, "worktree", "remove", "--force", str(tmp_path / "linked"))
    assert (planted != before, git_settings.mark(repo)) == (True, before)


def test_a_linked_work_tree_that_is_sent_to_other_settings_is_seen(repo: Path, tmp_path: Path) -> None:
    git_out(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    before = git_settings.mark(repo)
    git_out(tmp_path, "clone", "-q", str(repo), "theirs")
    write(repo, ".git/worktrees/linked/commondir", f"{tmp_path / 'theirs/.git'}\n")
    assert git_settings.mark(repo) != before


def test_work_trees_that_come_and_go_leave_it(repo: Path, tmp_path: Path) -> None:
    git_out(repo, "config", "extensions.worktreeConfig", "true")
    git_out(repo, "config", "--worktree", "core.sparseCheckout", "true")
    before = git_settings.mark(repo)
    git_out(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    assert (repo / ".git/worktrees/linked/config.worktree").exists()
    assert git_settings.mark(repo) == before


class TestSettled:
    """Files that were left alone for a while are not read again before one of them changes."""

    @pytest.fixture
    def settled(self, repo: Path, sealed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(git_settings, "_SETTLED_S", -1.0)
        monkeypatch.setenv("GIT_CONFIG_SYSTEM", str(sealed / "system"))
        monkeypatch.delenv("GIT_CONFIG_NOSYSTEM")
        git_out(repo, "config", "include.path", "../later")
        git_settings.mark(repo)
        return repo

    def test_git_is_not_asked_again(self, settled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        known = git_settings.mark(settled)
        monkeypatch.setattr(git, "run", lambda *_args, **_more: pytest.fail("git was asked"))
        assert git_settings.mark(settled) == known

    @pytest.mark.parametrize(
        "place", [".git/config", ".git/config.worktree", ".git/info/attributes", "later", "~/.gitconfig", "~/system"]
    )
    def test_what_is_written_anywhere_that_git_reads_is_seen(self, settled: Path, sealed: Path, place: str) -> None:
        git_out(settled, "config", "extensions.worktreeConfig", "true")
        before = git_settings.mark(settled)
        path = sealed / place[2:] if place.startswith("~/") else settled / place
        with path.open("a") as file:
            file.write("* filter=x\n" if path.name == "attributes" else "[core]\n\tfsmonitor = touch ran\n")
        assert git_settings.mark(settled) != before

    def test_a_hook_that_comes_changes_and_may_run_is_seen(self, settled: Path) -> None:
        marks = [git_settings.mark(settled)]
        hook = write(settled, ".git/hooks/pre-commit", "#!/bin/sh\n")
        hook.chmod(0o755)
        marks.append(git_settings.mark(settled))
        hook.write_text("#!/bin/sh\ntouch ran\n")
        marks.append(git_settings.mark(settled))
        hook.chmod(0o644)
        marks.append(git_settings.mark(settled))
        assert len(set(marks[:3])) == 3 and marks[3] == marks[0]


class TestHooks:
    """Where every work tree has its hooks, as long as git would say the same in each."""

    @pytest.fixture(autouse=True)
    def _settles_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(git_settings, "_SETTLED_S", -1.0)

    def test_is_known_after_a_look_until_something_is_written(self, repo: Path) -> None:
        assert git_settings.hooks(repo) is None
        git_settings.mark(repo)
        assert git_settings.hooks(repo) == repo / ".git/hooks"
        git_out(repo, "config", "core.hooksPath", "own")
        assert git_settings.hooks(repo) is None

    @pytest.mark.parametrize("setting", [("core.hooksPath", "own"), ("includeIf.onbranch:pipeline/**.path", "../x")])
    def test_is_asked_for_where_it_may_differ(self, repo: Path, setting: tuple[str, str]) -> None:
        git_out(repo, "config", *setting)
        git_settings.mark(repo)
        assert git_settings.hooks(repo) is None
