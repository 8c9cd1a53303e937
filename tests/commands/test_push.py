from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from tests.story import commit_all, git_out, write


def push(repo: Path, *args: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["push", "--repo", str(repo), *args], input=answer)


@pytest.fixture
def remote(repo: Path, tmp_path: Path) -> Path:
    """The remote `origin` of a guarded repository; it has the first commit."""
    git_out(tmp_path, "init", "-q", "--bare", "remote.git")
    git_out(repo, "remote", "add", "origin", str(tmp_path / "remote.git"))
    git_out(repo, "push", "-q", "origin", "main")
    assert CliRunner().invoke(main, ["setup", "--repo", str(repo)]).exit_code == 0
    write(repo, "file", "x")
    commit_all(repo, "[pipeline] impl t1: Add a\tflag")
    return tmp_path / "remote.git"


def test_a_confirmed_push_shows_what_leaves_and_goes_past_the_guard(repo: Path, remote: Path) -> None:
    sha = git_out(repo, "rev-parse", "HEAD")
    shown = push(repo, answer="y\n")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith(f"{sha[:10]} [pipeline] impl t1: Add a flag\nPush this to main of origin? [y/N]: ")
    assert shown.stdout.endswith(f"Pushed {sha[:10]} to main of origin.\n")
    assert git_out(remote, "rev-parse", "main") == sha
    assert "Nothing to push." in push(repo).stdout


@pytest.mark.parametrize(("answer", "code"), [("n\n", 0), ("\n", 0), ("", 130)])
def test_without_a_yes_nothing_leaves(answer: str, code: int, repo: Path, remote: Path) -> None:
    before = git_out(remote, "rev-parse", "main")
    assert push(repo, answer=answer).exit_code == code
    assert git_out(remote, "rev-parse", "main") == before


def test_a_remote_that_went_on_is_never_overwritten(repo: Path, remote: Path, tmp_path: Path) -> None:
    git_out(tmp_path, "clone", "-q", str(remote), "other")
    write(tmp_path / "other", "theirs", "x")
    theirs = commit_all(tmp_path / "other", "theirs")
    git_out(tmp_path / "other", "push", "-q")
    shown = push(repo, "--yes")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("nightrun: The push was refused: ")
    assert git_out(remote, "rev-parse", "main") == theirs


@pytest.mark.parametrize(
    ("others", "hint"),
    [([], "git remote add origin URL"), (["fork"], "There is fork; set push.remote in pipeline.yaml")],
)
def test_a_remote_that_is_not_there_is_said_before_anything_is_asked(repo: Path, others: list[str], hint: str) -> None:
    for name in others:
        git_out(repo, "remote", "add", name, "https://example.invalid/x.git")
    shown = push(repo, answer="y\n")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("nightrun: There is no remote origin.") and hint in shown.stderr


def test_a_remote_that_is_away_is_75(repo: Path, remote: Path) -> None:
    remote.rename(remote.with_name("gone"))
    assert push(repo, "--yes").exit_code == 75


def test_a_branch_that_the_remote_does_not_know_is_said(repo: Path, remote: Path) -> None:
    git_out(repo, "checkout", "-q", "-b", "new")
    shown = push(repo, answer="n\n")
    assert "new is not known on origin: all of its 2 commits would leave." in shown.stdout


def test_no_branch_to_push_is_said(repo: Path, remote: Path) -> None:
    git_out(repo, "checkout", "-q", "--detach")
    shown = push(repo, "--yes")
    assert (shown.exit_code, shown.stderr.splitlines()[0]) == (1, "nightrun: No branch is checked out.")
