"""Linked worktrees: one for each attempt, made with few processes and removed in whatever state they are."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from nightrun.hands import clock, git, git_staged, git_worktree_make
from nightrun.words.errors import NightrunError

_OURS = Path(".pipeline/worktrees")
_ASIDE = ".gone-"
_REMOVE_TRIES = 5  # something the attempt left may still write into it
_HALF_MADE_S = 600.0
_ADD_TIMEOUT_S = 600.0


def add(root: Path, path: Path, branch: str | None, base: str) -> None:
    """A worktree of the commit `base` on a new branch, or on none. No hook of the person runs."""
    if not git_worktree_make.make(root, path, branch, base, timeout_s=_ADD_TIMEOUT_S):
        where = ("--detach",) if branch is None else ("--no-track", "-b", branch)
        # --force: a folder that is gone may still be registered.
        git.run(root, "worktree", "add", "--quiet", "--force", *where, str(path), base, timeout_s=_ADD_TIMEOUT_S)
    git_staged.mark(git.git_dir(path))


def remove(root: Path, path: Path) -> None:
    """The folder and what git knows of it are gone afterwards, whatever was left of either.

    `git worktree remove` gives up on a folder that is read-only, half made or not what git remembers.
    """
    path = Path.cwd() / path
    known = [entry for entry, place in _entries(root) if _same(place, path)]
    if path.is_relative_to(root / _OURS):
        known += [entry for entry in _broken(root) if entry.name == path.name]
    if not known and not path.is_relative_to(root / _OURS):
        if not os.path.lexists(path):
            return
        raise NightrunError(f"{path} is no worktree of {root}, so it is not removed.")
    if path.is_symlink():
        path.unlink()
    _remove_folder(_aside(path))
    for entry in known:
        _remove_folder(entry)


def is_aside(path: Path) -> bool:
    """Whether this is what is left of a folder whose removal was killed."""
    return path.name.startswith(_ASIDE)


def _aside(path: Path) -> Path:
    """Half of a folder looks like work in which files were deleted: in one step it is under another name."""
    other = path.with_name(_ASIDE + path.name)
    if is_aside(path) or not path.is_dir() or os.path.lexists(other):
        return path
    try:
        return path.rename(other)
    except OSError:  # such as something mounted there
        return path


def prune(root: Path) -> None:
    """Forget those of our worktrees whose folders are gone. A person's may be on a disk that is not there now."""
    for entry, place in _entries(root):
        if not place.is_relative_to(root / _OURS) or os.path.lexists(place / ".git"):
            continue
        if (entry / "locked").exists() and clock.now() - entry.stat().st_mtime < _HALF_MADE_S:
            continue  # git locks one that it is making
        _remove_folder(entry)
    booted = clock.now() - clock.boottime()
    for entry in _broken(root):
        is_ours = any(entry.glob("nightrun-*"))
        if is_ours and _modified(entry) < booted and not os.path.lexists(root / _OURS / entry.name):
            _remove_folder(entry)


def delete_branch(root: Path, branch: str, expected: str) -> bool:
    """False when it is not at `expected` any more, or is checked out."""
    ref = f"refs/heads/{branch}"
    common = git.common_dir(root)
    heads = [common / "HEAD", *(entry / "HEAD" for entry, _ in _entries(root))]
    if any(_line(head) == f"ref: {ref}" for head in heads) or git.tip(root, ref) != expected:
        return False
    try:
        git.run(root, "update-ref", "-d", ref, expected)
    except git.GitFailed:
        if git.tip(root, ref) != expected:
            return False
        raise
    return True


def clear_stale_locks(root: Path, path: Path) -> list[str]:
    """Remove the lock files that killed gits left in a worktree where nothing runs any more; their names.

    What a person's git may hold, in the shared folder or the project root, goes only when it is from before the boot.
    """
    common, own = git.common_dir(root), None
    for entry, place in _entries(root):
        if _same(place, path):
            own = entry
    gone = []
    if own is not None:
        head = (_line(own / "HEAD") or "").removeprefix("ref: ")
        branch = [common / f"{head}.lock"] if head.startswith("refs/heads/") else []
        gone = [lock for lock in (*own.rglob("*.lock"), *branch) if _unlink(lock)]
    booted = clock.now() - clock.boottime()
    shared = (*common.glob("*.lock"), *(common / "refs").rglob("*.lock"))
    gone += [lock for lock in shared if _modified(lock) < booted and _unlink(lock)]
    return [str(lock) for lock in gone]


def git_dir(path: Path) -> Path:
    """Where git keeps HEAD and index of a worktree; an error when an agent made another repository of one of ours."""
    folder = git.git_dir(path)
    if path.parent.parts[-2:] != _OURS.parts:
        return folder
    root = path.parents[len(_OURS.parts)]
    dot_git = Path(_line(folder / "gitdir") or "")
    if folder.parent != git.common_dir(root) / "worktrees" or not _same((folder / dot_git).parent, path):
        raise NightrunError(f"{path} is no longer a worktree of {root}: its .git was replaced.")
    return folder


def _entries(root: Path) -> Iterator[tuple[Path, Path]]:
    """What git keeps of each linked worktree, and the folder it belongs to (gitrepository-layout(5))."""
    common = git.common_dir(root)
    folders = sorted((common / "worktrees").iterdir()) if (common / "worktrees").is_dir() else []
    for entry in folders:
        dot_git = _line(entry / "gitdir")
        if dot_git and "\0" not in dot_git:
            yield entry, Path(os.path.normpath(entry / dot_git)).parent


def _broken(root: Path) -> list[Path]:
    """Those of which git does not know any more where they are: a power cut took the file that says it."""
    found = [one for one in (git.common_dir(root) / "worktrees").glob("*") if one.is_dir()]
    return [one for one in found if not (_line(one / "gitdir") or "").strip("\0")]


def _line(path: Path) -> str | None:
    try:
        return os.fsdecode(path.read_bytes()).rstrip("\n")
    except OSError:
        return None


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return float("inf")


def _unlink(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    return True


def _remove_folder(path: Path) -> None:
    for tries_left in reversed(range(_REMOVE_TRIES)):
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            return
        except FileNotFoundError:
            continue
        except OSError as error:
            if not tries_left:
                raise NightrunError(f"{path} cannot be removed: {error.strerror} ({error.filename}).") from error
            _open_up(path)
            clock.sleep(0.05)


def _open_up(path: Path) -> None:
    """Nothing in a folder that may not be read and written can be removed."""
    _make_writable(path)
    for folder, names, _ in os.walk(path):
        for name in names:
            _make_writable(Path(folder, name))


def _make_writable(folder: Path) -> None:
    mode = folder.lstat().st_mode
    if stat.S_ISDIR(mode):
        folder.chmod(stat.S_IMODE(mode) | stat.S_IRWXU)
