"""Landing: merging without a work tree, and moving a work tree forward beside a person's edits."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nightrun.hands import files, git, git_recover, process
from nightrun.words.errors import NightrunError

DONE = "done"
OVERLAP = "overlap"  # uncommitted edits of the person are in the way
DIVERGED = "diverged"  # it has commits that the other has not
BUSY = "busy"  # the person is in the middle of something there
FAILED = "failed"

_OLDEST_MERGE_TREE = (2, 38)
_TIMEOUT_S = 300.0
_MOST_SYNCED = 200  # files one by one
_OVERLAPS = re.compile(r"would be (overwritten|removed) by|would lose untracked files|not uptodate|Cannot merge")
_IN_THE_WAY = re.compile(r"error: (?:Entry|Untracked working tree file) '(.*)' (?:not uptodate|would be)")
_UNMERGED = re.compile(r"unmerged files|unfinished|You have not concluded|MERGE_HEAD exists|needs merge")


@dataclass(frozen=True, kw_only=True)
class Merged:
    """`tree` holds conflict markers where there are conflicts."""

    tree: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Forwarded:
    state: str  # DONE, OVERLAP, DIVERGED, BUSY or FAILED
    detail: str = ""
    paths: tuple[str, ...] = ()  # what is in the way of an OVERLAP


def merge(root: Path, tip: str, commit: str) -> Merged:
    """What merging a commit into a tip gives; nothing but objects is written."""
    flags = ("--write-tree", "-z", "--name-only", "--no-messages")
    try:
        done = git.run(root, "merge-tree", *flags, tip, commit, ok=(0, 1), timeout_s=_TIMEOUT_S)
    except git.GitFailed as error:
        if git.version() < _OLDEST_MERGE_TREE:
            raise NightrunError("git is too old to land work here.", "Install git 2.38 or newer.") from error
        raise
    tree, *conflicts = os.fsdecode(done.out).split("\0")[:-1]
    return Merged(tree=tree, conflicts=tuple(dict.fromkeys(conflicts)))


def checked_out_at(root: Path, branch: str) -> Path | None:
    """The work tree that has the branch, one included where it is being rebased or bisected."""
    ref = f"refs/heads/{branch}"
    if _has_out(root, ref):
        return root
    for path, _, name in git.worktrees(root):
        if name == branch:
            return path
        if name is None and path.is_dir() and ref in _held(git.git_dir(path)):
            return path
    return None


def _has_out(root: Path, ref: str) -> bool:
    """Without a process, for where it nearly always is; a submodule's `.git` is a file, and git is asked."""
    try:
        return (root / ".git/HEAD").read_bytes() == os.fsencode(f"ref: {ref}\n")
    except OSError:
        return False


def _held(folder: Path) -> set[str]:
    """Refs that an unfinished operation moves when it ends (git's wt-status.c)."""
    held = set()
    for name in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
        try:
            held.add(os.fsdecode((folder / name).read_bytes()).strip())
        except OSError:
            continue
    return held | {f"refs/heads/{one}" for one in held}


def fast_forward(worktree: Path, sha: str, *, branch: str | None = None) -> Forwarded:
    """Move the branch of a work tree, its files and its index on to a commit, never through uncommitted edits.

    With `branch` it is BUSY when the person has switched to another one.
    """
    folder = git.git_dir(worktree)
    if operation := git.operation(folder):
        return Forwarded(state=BUSY, detail=f"A {operation} is in progress in {worktree}.")
    here = git.current_branch(worktree)
    if branch is not None and here != branch:
        return Forwarded(state=BUSY, detail=f"{worktree} is not on branch {branch} now.")
    try:
        if (before := git_recover.unfinished(folder)) is not None:
            git_recover.recover(worktree, before)
    except NightrunError as error:
        return Forwarded(state=BUSY, detail=error.message)
    git_recover.began(folder, sha, here)
    done = _forwarded(worktree, sha, here)
    if done.state != FAILED:
        git_recover.ended(folder)
        return done
    try:  # a full disk, or too slow: some files may be written
        git_recover.recover(worktree, sha)
    except (NightrunError, OSError) as error:
        return Forwarded(state=FAILED, detail=f"{done.detail}; and it could not be taken back yet: {error}")
    return done


def _forwarded(worktree: Path, sha: str, branch: str | None) -> Forwarded:
    try:
        if _merge(worktree, sha).err:  # a warning
            with suppress(OSError):
                git_recover.finish_removals(worktree, "ORIG_HEAD", sha)
        sync_files(worktree, "ORIG_HEAD", sha)
        if branch is not None:
            git.sync_ref(worktree, f"refs/heads/{branch}")
    except git.GitFailed as error:
        return _refused(error)
    return Forwarded(state=DONE)


def recover_fast_forward(worktree: Path, sha: str) -> None:
    """After a kill in the middle of `fast_forward`: everything as it was before, the person's edits as they are now."""
    git_recover.recover(worktree, sha)


def sync_files(worktree: Path, old: str, new: str) -> None:
    """What differs between two commits survives a power cut on disk, too; git makes no file of a work tree durable.

    It came back empty, and looked like an edit of the person. What cannot be synced is in the commit all the same.
    """
    listed = git.run(worktree, "diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new, ok=(0, 128)).out
    paths = [worktree / os.fsdecode(one) for one in listed.split(b"\0")[:-1]]
    with suppress(OSError):
        if len(paths) > _MOST_SYNCED:
            files.sync_file_system(worktree)
            return
        for path in paths:
            if path.is_file() and not path.is_symlink():
                files.sync(path)
        for folder in {path.parent for path in paths}:
            if folder.is_dir():
                files.sync_folder(folder)


def _merge(worktree: Path, sha: str) -> process.Finished:
    # An ignored file is the person's, too: git would overwrite it. One worker writes the files in a known order,
    # without which `git_recover` could not tell what it wrote.
    flags = ("--ff-only", "--no-autostash", "--no-stat", "--no-verify-signatures", "--no-overwrite-ignore", "--quiet")
    return git.run(worktree, "-c", "checkout.workers=1", "merge", *flags, sha, timeout_s=_TIMEOUT_S)


def _refused(error: git.GitFailed) -> Forwarded:
    said = error.said
    if _UNMERGED.search(said):
        return Forwarded(state=BUSY, detail="A merge is not finished there.")
    if _OVERLAPS.search(said):
        paths = [line[1:] for line in said.splitlines() if line.startswith("\t")] + _IN_THE_WAY.findall(said)
        named = tuple(dict.fromkeys(paths))
        return Forwarded(state=OVERLAP, detail=f"Uncommitted edits are in the way: {', '.join(named)}.", paths=named)
    if "Not possible to fast-forward" in said or "Diverging branches" in said or "refusing to merge unrelated" in said:
        return Forwarded(state=DIVERGED, detail="It has commits of its own.")
    if error.is_lock:
        return Forwarded(state=BUSY, detail=f"{error.message}. {error.hint}")
    return Forwarded(state=FAILED, detail=error.message)
