"""A worktree as `git worktree add -b` makes one, with one process of git where that takes four."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from nightrun.hands import git
from nightrun.hands.git import GitFailed

# gitrepository-layout(5) says what is written here. What it does not say, git does itself.
_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_UNUSUAL = ("config.worktree", "info/sparse-checkout", "reftable")


def make(root: Path, path: Path, branch: str, base: str, *, timeout_s: float) -> bool:
    """False when nothing was made: this repository or these names are left to git, which says what is wrong."""
    common, ref = git.common_dir(root), f"refs/heads/{branch}"
    if not _is_usual(common, path, base) or _is_taken(common, path, ref):
        return False
    entry = common / "worktrees" / path.name
    try:
        _write(entry, path, ref)
        # HEAD names a branch that is not there yet: the reset makes it, last of all.
        git.run(path, "reset", "--hard", "--no-recurse-submodules", "--quiet", base, timeout_s=timeout_s)
    except (GitFailed, OSError):
        shutil.rmtree(path, ignore_errors=True)
        shutil.rmtree(entry, ignore_errors=True)
        return False
    (entry / "locked").unlink()
    return True


def _is_usual(common: Path, path: Path, base: str) -> bool:
    names_fit = _COMMIT.fullmatch(base) and _NAME.fullmatch(path.name) and not path.name.endswith(".lock")
    return bool(names_fit) and not any((common / name).exists() for name in _UNUSUAL)


def _is_taken(common: Path, path: Path, ref: str) -> bool:
    if path.exists() or (common / "worktrees" / path.name).exists() or (common / ref).exists():
        return True
    try:
        return b" %b\n" % ref.encode() in (common / "packed-refs").read_bytes()
    except FileNotFoundError:
        return False


def _write(entry: Path, path: Path, ref: str) -> None:
    """In git's order: `locked` keeps a `git worktree prune` away from what is half made."""
    entry.parent.mkdir(exist_ok=True)
    entry.mkdir()
    (entry / "locked").write_text("initializing")
    path.mkdir(parents=True)
    (entry / "gitdir").write_text(f"{path}/.git\n")
    (path / ".git").write_text(f"gitdir: {entry}\n")
    (entry / "HEAD").write_text(f"ref: {ref}\n")
    (entry / "commondir").write_text("../..\n")
