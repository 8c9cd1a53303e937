"""The index of a work tree: whether it is as we left it, a private copy of it, and what git was told not to see."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nightrun.hands import git

_MARK = "nightrun-index"


def mark(folder: Path, tree: str = "") -> None:
    """Remember that the index in this git folder is ours, and the tree that it holds."""
    (folder / _MARK).write_text(f"{_signature(folder)} {tree}")


def marked_tree(folder: Path) -> str | None:
    """What `mark` was told; None when the index was written since then."""
    try:
        signature, _, tree = (folder / _MARK).read_text().partition(" ")
    except OSError:
        return None
    return tree if signature == _signature(folder) else None


def _signature(folder: Path) -> str:
    """Changes with every write: nobody but root can set the change time of a file."""
    try:
        found = (folder / "index").stat()
    except OSError:
        return "none"
    return f"{found.st_ino}.{found.st_size}.{found.st_mtime_ns}.{found.st_ctime_ns}"


@contextmanager
def private(folder: Path) -> Iterator[dict[str, str]]:
    """Environment of git calls that work on a copy of the index, which is gone afterwards."""
    path = folder / f"nightrun-index.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        if (folder / "index").exists():
            shutil.copy2(folder / "index", path)  # with its times: git compares them with those of the files
        yield {"GIT_INDEX_FILE": str(path)}
    finally:
        for left in (path, path.with_name(f"{path.name}.lock")):
            left.unlink(missing_ok=True)


def show_all(worktree: Path, env: Mapping[str, str]) -> None:
    """Take back `assume-unchanged` and `skip-worktree`, with which a changed file looks unchanged to git."""
    listed = git.run(worktree, "ls-files", "-v", "-z", env=env).out.split(b"\0")
    hidden = [one[2:] for one in listed if one[:1].islower()]
    skipped = [one[2:] for one in listed if one[:1].upper() == b"S"]
    if hidden:
        _flag(worktree, env, "--no-assume-unchanged", hidden)
    if skipped and git.text(worktree, "config", "--type=bool", "--get", "core.sparseCheckout", ok=(0, 1)) == "true":
        skipped = [one for one in skipped if os.path.lexists(os.fsencode(worktree) + b"/" + one)]
    if skipped:
        _flag(worktree, env, "--no-skip-worktree", skipped)


def _flag(worktree: Path, env: Mapping[str, str], flag: str, paths: list[bytes]) -> None:
    listed = b"".join(path + b"\0" for path in paths)
    git.run(worktree, "update-index", flag, "-z", "--stdin", stdin=listed, env=env)
