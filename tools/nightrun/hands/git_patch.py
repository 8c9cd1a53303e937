"""The difference between two trees as text, for people and prompts."""

from __future__ import annotations

from pathlib import Path

from nightrun.hands import git

TIMEOUT_S = 20.0


def between(root: Path, old: str, new: str, most_chars: int) -> str:
    """The first part of it, after which files changed; empty when one of the two is not there any more."""
    quiet = ("--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--no-renames")
    try:
        done = git.run(root, "diff-tree", "-r", "--patch-with-stat", *quiet, old, new, timeout_s=TIMEOUT_S)
    except git.GitFailed:
        return ""
    text = done.out.decode("utf-8", "replace")
    return text if len(text) <= most_chars else text[:most_chars] + "\n[...]\n"
