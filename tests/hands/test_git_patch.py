from __future__ import annotations

import subprocess
from pathlib import Path

from nightrun.hands import git_patch


def commit(repo: Path, text: str) -> str:
    (repo / "a.txt").write_text(text)
    for args in (["add", "a.txt"], ["commit", "-qm", "feat: a"]):
        subprocess.run(["git", *args], cwd=repo, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repo, check=True, capture_output=True, text=True)
    return head.stdout.strip()


def test_it_says_which_files_changed_and_how(repo: Path) -> None:
    old, new = commit(repo, "one\n"), commit(repo, "two\n")
    shown = git_patch.between(repo, old, new, 10_000)
    assert " a.txt | 2 +-\n" in shown
    assert "\n-one\n+two\n" in shown


def test_a_long_one_is_cut_and_says_so(repo: Path) -> None:
    old, new = commit(repo, "one\n"), commit(repo, "two\n" * 10_000)
    shown = git_patch.between(repo, old, new, 1_000)
    assert len(shown) == 1_007
    assert shown.endswith("\n[...]\n")


def test_a_tree_that_is_gone_has_no_difference(repo: Path) -> None:
    assert git_patch.between(repo, "0" * 39 + "1", commit(repo, "one\n"), 100) == ""
