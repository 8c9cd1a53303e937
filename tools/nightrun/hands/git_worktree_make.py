"""A worktree as `git worktree add` makes one, with one process of git where that takes four."""

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


def make(root: Path, path: Path, branch: str | None, base: str, *, timeout_s: float) -> bool:
    """False when nothing was made: this repository or these names are left to git, which says what is wrong.

    Without a branch its HEAD is the commit.
    """
    common, ref = git.common_dir(root), None if branch is None else f"refs/heads/{branch}"
    if not _is_usual(common, path, base) or _is_taken(common, path, ref):
        return False
    entry = common / "worktrees" / path.name
    try:
        _write(entry, path, base if ref is None else f"ref: {ref}")
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


def _is_taken(common: Path, path: Path, ref: str | None) -> bool:
    if path.exists() or (common / "worktrees" / path.name).exists():
        return True
    if ref is None:
        return False
    if (common / ref).exists():
        return True
    try:
        return b" %b\n" % ref.encode() in (common / "packed-refs").read_bytes()
    except FileNotFoundError:
        return False


def _write(entry: Path, path: Path, head: str) -> None:
    """`locked` first: it keeps a `git worktree prune` away from what is half made.

    `gitdir` last: it makes a worktree of the entry for every other git, and one that finds a file of it empty dies
    ("failed to read commondir: Success"). git itself writes them the other way round.
    """
    entry.parent.mkdir(exist_ok=True)
    entry.mkdir()
    (entry / "locked").write_text("initializing")
    (entry / "commondir").write_text("../..\n")
    (entry / "HEAD").write_text(f"{head}\n")
    path.mkdir(parents=True)
    (path / ".git").write_text(f"gitdir: {entry}\n")
    (entry / "gitdir").write_text(f"{path}/.git\n")
