"""What of a repository makes git run programs: its settings and its hooks, as one mark (reliability.md 4.3)."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nightrun.hands import clock, git

# Two changes of a file within one tick of the kernel's clock show the same time.
_SETTLED_S = 2.0
_NO_SYSTEM_FILE = re.compile(rb"unable to read config file '(.+)'", re.S)
_INCLUDE = re.compile(rb"include(if\..*)?\.path", re.I | re.S)

_INCLUDE_IF = re.compile(rb"includeif\..*", re.I | re.S)

_Read = list[tuple[Path, bytes, bytes]]
_Times = tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    paths: tuple[Path, ...]
    times: _Times
    mark: str
    hooks: Path | None  # where all work trees have them; None: git has to be asked in each


_seen: dict[Path, _Seen] = {}


def mark(root: Path) -> str:
    """A text that changes when any of them changes; sections about branches are left out.

    git is asked only when a file that it reads for them, or would read, is not as it was. What a linked work tree has
    for itself alone counts where it is not what git gives a new one.
    """
    shared, own = _shared_mark(root), sorted(set(_of_work_trees(git.common_dir(root))))
    return hashlib.sha256(b"\0".join([shared.encode(), *own])).hexdigest() if own else shared


def _of_work_trees(common: Path) -> Iterator[bytes]:
    """A new one has a copy of the main one's own settings, and `../..` as the place of all others (git-worktree(1))."""
    usual = _content(common / "config.worktree")
    for folder in sorted((common / "worktrees").glob("*")):
        settings, place = _content(folder / "config.worktree"), _content(folder / "commondir")
        if settings not in (b"", usual):
            yield settings
        if place and os.path.realpath(folder / os.fsdecode(place.rstrip(b"\n"))) != os.path.realpath(common):
            yield place


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _shared_mark(root: Path) -> str:
    known = _seen.get(root)
    if known is not None and _times(known.paths) == known.times:
        return known.mark
    read = _read(root)
    paths = _paths(root, read)
    before, made = _times(paths), _mark(root)
    newest = max((one[-1] for one in before if one), default=0) / 1e9
    if before == _times(paths) and clock.now() - newest > _SETTLED_S:
        _seen[root] = _Seen(paths=paths, times=before, mark=made, hooks=_usual_hooks(root, read))
    return made


def hooks(root: Path) -> Path | None:
    """The folder of the hooks of every work tree; None when git has to be asked, who may see another in each."""
    known = _seen.get(root)
    return known.hooks if known is not None and _times(known.paths) == known.times else None


def _usual_hooks(root: Path, read: _Read) -> Path | None:
    """Not where they were put elsewhere, perhaps relative to a work tree, or where a setting depends on the place."""
    if any(_INCLUDE_IF.fullmatch(name) for _, name, _ in read):
        return None
    usual = git.common_dir(root) / "hooks"
    return usual if git.hooks_dir(root) == usual else None


def _mark(root: Path) -> str:
    hashed = hashlib.sha256(git.config_mark(root).encode())
    for part in _hooks(git.hooks_dir(root)):
        hashed.update(part + b"\0")
    return hashed.hexdigest()


def _hooks(folder: Path) -> Iterator[bytes]:
    """Names and contents of the files there that git could run."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_file() and os.access(path, os.X_OK) and path.suffix != ".sample":
            yield os.fsencode(path.name)
            yield path.read_bytes()


# -- which files that are


def _times(paths: tuple[Path, ...]) -> _Times:
    """Nobody but root can set the last one, the change time."""
    return tuple(map(_time, paths))


def _time(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _paths(root: Path, read: _Read) -> tuple[Path, ...]:
    """All that the mark is made of, files that are not there yet included."""
    common, hooks = git.common_dir(root), git.hooks_dir(root)
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path("~/.config").expanduser())
    own = os.environ.get("GIT_CONFIG_GLOBAL")
    personal = [Path(own)] if own else [Path("~/.gitconfig").expanduser(), config / "git/config"]
    shared = [common / name for name in ("config", "config.worktree", "info/attributes")]
    each = sorted(hooks.iterdir()) if hooks.is_dir() else []
    return tuple(dict.fromkeys([*_system(root), *personal, *shared, *_files(read), hooks, *each]))


def _read(root: Path) -> _Read:
    """The settings that git has here: the file that each is from, its name and its value."""
    listed = git.run(root, "config", "--list", "--show-origin", "-z", hooks=True, network=True).out.split(b"\0")
    found = []
    for origin, setting in zip(listed[::2], listed[1::2], strict=False):
        if origin.startswith(b"file:"):
            name, _, value = setting.partition(b"\n")
            found.append((root / os.fsdecode(origin.removeprefix(b"file:")), name, value))
    return found


def _files(read: _Read) -> Iterator[Path]:
    """The files that git takes settings from, and those that they include."""
    for file, name, value in read:
        yield file
        if _INCLUDE.fullmatch(name):
            yield file.parent / Path(os.fsdecode(value)).expanduser()


def _system(root: Path) -> Iterator[Path]:
    """The file for all users, whose place was chosen when git was built; git names it also when there is none."""
    done = git.run(root, "config", "--system", "--list", "--show-origin", "-z", ok=(0, 1, 128))
    if done.code == 0 and done.out.startswith(b"file:"):
        yield root / os.fsdecode(done.out.partition(b"\0")[0].removeprefix(b"file:"))
    elif missing := _NO_SYSTEM_FILE.search(done.err):
        yield Path(os.fsdecode(missing[1]))
