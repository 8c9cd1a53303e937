"""A worktree whose small git files a power cut took: git writes them without making them durable.

They come back empty or as zeros, and every git in that folder fails then; what an agent wrote there may be whole.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from nightrun.hands import files, git

_SHA = re.compile(rb"[0-9a-f]{40,64}\n|ref: .+\n")
_HEAD = re.compile(rb"ref: refs/[^\0\n]+\n|[0-9a-f]{40,64}\n")
_POINTER = re.compile(rb"gitdir: [^\0]+\n")
_LINE = re.compile(rb"[^\0]+\n")
_INDEX = b"DIRC"  # gitformat-index(5)


def worktree(root: Path, folder: Path, branch: str, otherwise: str) -> list[str]:
    """Write anew what is broken of it; the names of that. HEAD becomes the branch, where there is none `otherwise`.

    To be called while nobody works in it. One that is whole is left alone, and so is one that git knows nothing of.
    """
    common = git.common_dir(root)
    entry = common / "worktrees" / folder.name
    if not entry.is_dir() or not _is_file(folder / ".git"):
        return []
    broken = [path for path, begins in _small(folder, entry) if not _is_whole(path, begins)]
    for path in broken:
        files.write(path, _content(path, folder, entry), mode=0o644)
    ref = common / "refs/heads" / branch
    if _is_file(ref) and not _is_whole(ref, _SHA):
        ref.unlink()
        broken.append(ref)
    if not _is_whole(entry / "HEAD", _HEAD) or git.tip(folder, "HEAD") is None:
        there = git.tip(root, f"refs/heads/{branch}") is not None
        files.write(entry / "HEAD", f"ref: refs/heads/{branch}\n" if there else f"{otherwise}\n", mode=0o644)
        broken.append(entry / "HEAD")
    if (entry / "index").exists() and not _bytes(entry / "index").startswith(_INDEX):
        (entry / "index").unlink()  # git makes it anew from HEAD and the files
        broken.append(entry / "index")
    return [path.name for path in broken]


def _small(folder: Path, entry: Path) -> list[tuple[Path, re.Pattern[bytes]]]:
    """Each file and how it looks when it is whole."""
    return [(folder / ".git", _POINTER), (entry / "gitdir", _LINE), (entry / "commondir", _LINE)]


def _is_whole(path: Path, looks: re.Pattern[bytes]) -> bool:
    return looks.fullmatch(_bytes(path)) is not None


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _content(path: Path, folder: Path, entry: Path) -> bytes:
    if path.name == ".git":
        return b"gitdir: %b\n" % os.fsencode(entry)
    return b"%b\n" % os.fsencode(folder / ".git") if path.name == "gitdir" else b"../..\n"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
