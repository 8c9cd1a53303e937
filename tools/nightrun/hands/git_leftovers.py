"""What killed gits, and killed parts of nightrun, left in the folder that all work trees of a repository share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from nightrun.hands import clock, git

_OLD_S = 2.0  # a git that lives holds these for milliseconds
_PATIENCE_S = 4.0
_READS = {"log", "show", "diff", "blame", "grep", "reflog"}  # a pager keeps them alive for hours
_INDEXES = ("nightrun-index.*", "nightrun-commit-index", "nightrun-commit-index.lock", "NIGHTRUN_COMMIT_MSG")


def clear(root: Path, *, patience_s: float = _PATIENCE_S) -> list[str]:
    """Remove lock files that nobody can hold any more, and our own private files; their names.

    To be called when a part of ours may have been killed. A lock counts as left when it is not new and no git is at
    work in this repository: git writes no pid into them.
    """
    common, end, gone = git.common_dir(root), clock.monotonic() + patience_s, []
    while left := list(_left(common)):
        old = [one for one in left if _age(one) > _OLD_S]
        if old and not somebody_works(root):
            for one in old:
                one.unlink(missing_ok=True)
                gone.append(one.name)
        elif clock.monotonic() > end:
            break
        else:
            clock.sleep(0.1)
    return gone


def _left(common: Path) -> Iterator[Path]:
    yield from common.glob("*.lock")
    yield from (common / "refs").rglob("*.lock")
    yield from (common / "worktrees").glob("*/*.lock")
    for name in _INDEXES:
        yield from common.glob(name)


def half_made_worktrees(root: Path) -> list[Path]:
    """What git keeps of worktrees whose `git worktree add` never came to its end: nobody can have worked in them.

    git locks one that it is making, in this word, and unlocks it at the end (builtin/worktree.c); afterwards it leaves
    such a one alone for ever.
    """
    entries = [one for one in (git.common_dir(root) / "worktrees").glob("*") if one.is_dir()]
    return [one for one in entries if _line(one / "locked") == "initializing" or not _line(one / "gitdir")]


def is_half_made(root: Path, folder: Path) -> bool:
    return str(folder / ".git") in (_line(one / "gitdir") for one in half_made_worktrees(root))


def _line(path: Path) -> str:
    try:
        return os.fsdecode(path.read_bytes()).rstrip("\n")
    except OSError:
        return ""


def somebody_works(root: Path) -> bool:
    """Whether a git that may write runs in a work tree below `root`, or in its git folder."""
    import psutil  # only a recovery needs it, and it is slow to import

    places = (root, git.common_dir(root))
    for one in psutil.process_iter(["name", "cwd", "cmdline", "status"]):
        cwd, argv = one.info["cwd"], one.info["cmdline"] or []
        if one.info["name"] != "git" or not cwd or one.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        if any(Path(cwd).is_relative_to(place) for place in places) and not _READS & set(argv):
            return True
    return False


def _age(path: Path) -> float:
    try:
        return clock.now() - os.lstat(path).st_mtime
    except OSError:
        return 0.0
