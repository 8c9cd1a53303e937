"""What a sandboxed git writes: objects and the attempt's branch, beside the repository until they are taken over.

Nothing inside can remove or change what the repository has. New objects are looked at before they are taken.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

from nightrun.hands import files, git
from nightrun.words.errors import NightrunError
from nightrun.words.sandbox import Git

BRANCHES = "pipeline"  # folder below refs/heads
FIXED = ("commondir", "gitdir", "config.worktree")
_PLACE = "nightrun-private"
_LOOSE = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{38}|[0-9a-f]{62}")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MOST_BYTES = 256 << 20  # of one object or pack; a change that large is refused anyway
_HASHES = {38: hashlib.sha1, 62: hashlib.sha256}  # by the length of a file's name (gitrepository-layout(5))


def prepare(worktree: Path, alternates: str) -> Git | None:
    """Folders for what git writes in a linked work tree; None: this is none."""
    own, common = git.git_dir(worktree), git.common_dir(worktree)
    if own == common:
        return Git(common=str(common), own=str(own), fixed=(), objects="", heads=None, logs=None, branches=BRANCHES)
    take_over(worktree, own)
    place = own / _PLACE
    (place / "objects/info").mkdir(parents=True)
    (place / "objects/info/alternates").write_text(f"{alternates}\n")
    branch = common / "refs/heads" / BRANCHES / worktree.name
    heads = _beside(branch.parent, place / "heads")
    if heads is not None and branch.is_file():
        shutil.copyfile(branch, Path(heads, branch.name))
    return Git(
        common=str(common),
        own=str(own),
        fixed=tuple(str(one) for one in (*(own / name for name in FIXED), worktree / ".git") if one.is_file()),
        objects=str(place / "objects"),
        heads=heads,
        logs=_beside(common / "logs/refs/heads" / BRANCHES, place / "logs"),
        branches=BRANCHES,
    )


def _beside(shared: Path, folder: Path) -> str | None:
    """A folder in which only this work tree's branch, or its log, will be."""
    if not shared.is_dir():
        return None
    folder.mkdir()
    return str(folder)


def take_over(worktree: Path, own: Path) -> None:
    """Give the repository what was written beside it. What is no object of git, or broken, is let go."""
    place = own / _PLACE
    if not os.path.lexists(place):
        return
    try:
        if not place.is_symlink():
            _take_all(worktree, place)
    finally:
        files.remove_tree(place)


def _take_all(worktree: Path, place: Path) -> None:
    common = git.common_dir(worktree)
    for path in _loose(place / "objects"):
        _take(path, common / "objects" / path.parent.name / path.name)
    for pack in sorted((place / "objects/pack").glob("*.pack")):
        if _is_plain(pack):
            git.run(worktree, "unpack-objects", "-q", stdin=pack.read_bytes(), ok=(0, 1, 128))
    _take_branch(worktree, place / "heads" / worktree.name)


def _loose(objects: Path) -> Iterator[Path]:
    for folder in sorted(objects.iterdir()) if objects.is_dir() else ():
        if _LOOSE.fullmatch(folder.name) and folder.is_dir() and not folder.is_symlink():
            yield from (one for one in sorted(folder.iterdir()) if _REST.fullmatch(one.name) and _is_plain(one))


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size <= _MOST_BYTES


def _take(path: Path, target: Path) -> None:
    """Move it, durably, when its content is what its name says; git trusts the names of objects that it has."""
    if target.exists():
        return
    try:
        content = zlib.decompressobj().decompress(path.read_bytes(), _MOST_BYTES)
    except zlib.error:
        return
    if _HASHES[len(path.name)](content).hexdigest() != f"{path.parent.name}{path.name}":
        return
    target.parent.mkdir(exist_ok=True)
    files.write(target, path.read_bytes(), mode=0o444)


def _take_branch(worktree: Path, head: Path) -> None:
    """What an agent committed itself stays reachable on the attempt's branch."""
    try:
        sha = head.read_text().strip() if head.is_file() and not head.is_symlink() else ""
    except (OSError, UnicodeDecodeError):
        return
    ref = f"refs/heads/{BRANCHES}/{worktree.name}"
    if not _SHA.fullmatch(sha) or git.tip(worktree, ref) in (None, sha):
        return
    try:
        git.run(worktree, "rev-list", "--objects", "--quiet", sha, "--not", "--branches")
        git.keep(worktree, ref, sha)
    except NightrunError:
        return  # it is no commit, or not all of it is there
