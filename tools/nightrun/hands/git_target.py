"""Who moved the target branch: whether commits on it were made in the worktree of an attempt."""

from __future__ import annotations

import re
from pathlib import Path

from nightrun.hands import git

# How git names the moves of HEAD that make a commit, and not those that only go to one, such as a fast-forward.
_MADE = re.compile(r"commit\b|cherry-pick|revert|am\b|rebase \((pick|reword|squash|fixup)|.*: Merge made by")


def new(root: Path, before: str, tip: str) -> dict[str, bytes]:
    """Commits of `before..tip` with their messages, newest first."""
    return dict(git.messages(root, f"{before}..{tip}"))


def made_in(worktree: Path) -> set[str]:
    """Commits that were made there, by the log of its HEAD: an agent may have gone back from them."""
    try:
        lines = (git.git_dir(worktree) / "logs/HEAD").read_text(errors="replace").splitlines()
    except OSError:
        return set()
    told = [line.partition("\t") for line in lines]
    return {ids.split(" ", 2)[1] for ids, _, what in told if ids.count(" ") >= 2 and _MADE.match(what)}


def holds(worktree: Path, commit: str) -> bool:
    """Whether the index of this work tree is still that of a commit, so that its files did not go along."""
    return git.run(worktree, "diff-index", "--cached", "--quiet", commit, "--", ok=(0, 1)).code == 0
