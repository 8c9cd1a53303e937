"""The finished tree of an attempt becomes one commit on its branch, or the reason is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from nightrun import commit_progress
from nightrun.decisions import message
from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from nightrun.hands.attempt_commit import Made
from tests.story import commit_all, git_out, write

REF = "refs/heads/pipeline/t1.1"
MESSAGE = message.commit(task_type="impl", task_id="t1", direction="Do it", attempt=1, agent="script", gate="none")


@pytest.fixture
def worktree(repo: Path, tmp_path: Path) -> Path:
    """An attempt's worktree on its own branch."""
    git_out(repo, "worktree", "add", "-q", str(tmp_path / "wt"), "-b", "pipeline/t1.1")
    return tmp_path / "wt"


def staged(worktree: Path, text: str = "x\n") -> str:
    """The tree of a finished change, which the index of the worktree holds."""
    write(worktree, "file", text)
    git_out(worktree, "add", "-A")
    return git_out(worktree, "write-tree")


def put(worktree: Path, tree: str, **more: Any) -> Made:
    given: dict[str, Any] = {
        "ref": REF,
        "parent": git_out(worktree, "rev-parse", "main"),
        "message": MESSAGE,
        "author": None,
        "sign": True,
    }
    return commit_progress.commit_change(worktree, tree=tree, **(given | more))


def hook(repo: Path, name: str, text: str) -> None:
    write(repo, f".git/hooks/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)


def test_tree_is_one_commit_on_the_branch(repo: Path, worktree: Path) -> None:
    tree = staged(worktree)
    made = put(worktree, tree)
    assert made == Made(state="committed", sha=git_out(repo, "rev-parse", REF), tree=tree)
    assert git_out(repo, "log", "-1", "--format=%T %P", REF) == f"{tree} {git_out(repo, 'rev-parse', 'main')}"
    assert git_out(repo, "log", "-1", "--format=%B", REF) == MESSAGE.decode().rstrip("\n")
    assert git_out(worktree, "status", "--porcelain") == ""
    assert "[pipeline] impl t1: Do it" in git_out(worktree, "reflog", "-1")


def test_author_of_the_policy_and_committer_of_git(worktree: Path) -> None:
    put(worktree, staged(worktree), author="Night Run <night@example.invalid>")
    names = git_out(worktree, "log", "-1", "--format=%an <%ae>, %cn")
    assert names == "Night Run <night@example.invalid>, Test Person"


def test_branch_that_moved_is_not_moved_again(repo: Path, worktree: Path) -> None:
    tree = staged(worktree)
    other = commit_all(worktree, "somebody else")
    made = put(worktree, tree)
    assert (made.state, made.detail) == ("failed", f"{REF} moved meanwhile.")
    assert git_out(repo, "rev-parse", REF) == other


def test_second_commit_of_the_same_change_fails(worktree: Path) -> None:
    tree = staged(worktree)
    assert [put(worktree, tree).state, put(worktree, tree).state] == ["committed", "failed"]


def test_failure_is_words_and_never_raised(worktree: Path, tmp_path: Path) -> None:
    assert put(worktree, "f" * 40).state == "failed"
    made = commit_progress.commit_change(
        tmp_path / "gone", ref=REF, parent=None, tree="f" * 40, message=MESSAGE, author=None, sign=False
    )
    assert (made.state, bool(made.detail)) == ("failed", True)


def test_missing_identity_is_said(worktree: Path, sealed: Path) -> None:
    tree = staged(worktree)
    (sealed / ".gitconfig").write_text("")
    assert put(worktree, tree).detail.startswith("git does not know who commits here.")


def test_hooks_of_the_person_fire_in_the_worktree(repo: Path, worktree: Path) -> None:
    said = repo / ".git/said"
    for name in ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"):
        hook(repo, name, f'echo "{name} $(pwd) $(git diff --cached --name-only main)" >>"{said}"')
    hooks.install(repo, HookValues())
    assert put(worktree, staged(worktree)).state == "committed"
    names = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
    assert said.read_text().splitlines() == [f"{name} {worktree} file" for name in names]


@pytest.mark.parametrize("name", ["pre-commit", "commit-msg"])
def test_refusal_of_a_hook_is_said(repo: Path, worktree: Path, name: str) -> None:
    hook(repo, name, "echo not today; exit 1")
    tree = staged(worktree)
    made = put(worktree, tree)
    assert (made.state, made.tree) == ("refused", tree)
    assert made.detail == f"Nothing was committed: the hook {name} refused. not today"
    assert git_out(repo, "rev-parse", REF) == git_out(repo, "rev-parse", "main")


def test_message_that_a_hook_spoils_is_refused(repo: Path, worktree: Path) -> None:
    hook(repo, "commit-msg", "echo 'Pipeline-Task: t2' >>\"$1\"")
    assert put(worktree, staged(worktree)).state == "refused"


FORMATTERS = {
    "refuses": "grep -q good file || { echo good >file; exit 1; }",
    "stages": "grep -q good file || { echo good >file; git add file; }",
    "refuses and stages": "grep -q good file || { echo good >file; git add file; exit 1; }",
}


@pytest.mark.parametrize("text", FORMATTERS.values(), ids=FORMATTERS)
def test_tree_that_a_hook_changed_is_given_back_and_committed_when_asked_again(
    repo: Path, worktree: Path, text: str
) -> None:
    hook(repo, "pre-commit", text)
    tree = staged(worktree, "bad\n")
    changed = put(worktree, tree)
    assert (changed.state, changed.sha) == ("changed", None)
    assert changed.tree != tree
    assert git_out(worktree, "cat-file", "blob", f"{changed.tree}:file") == "good"
    assert git_out(repo, "rev-parse", REF) == git_out(repo, "rev-parse", "main")
    made = put(worktree, changed.tree)
    assert (made.state, made.tree) == ("committed", changed.tree)
    assert git_out(worktree, "status", "--porcelain") == ""


def test_hook_sees_the_tree_that_is_committed_whatever_the_index_holds(repo: Path, worktree: Path) -> None:
    hook(repo, "pre-commit", f'git ls-files >"{repo}/.git/said"')
    tree = staged(worktree)
    git_out(worktree, "read-tree", "main")
    assert put(worktree, tree).state == "committed"
    assert (repo / ".git/said").read_text() == "README.md\nfile\n"
    assert git_out(worktree, "status", "--porcelain") == ""
