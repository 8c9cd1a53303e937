"""A private index for one commit: what a person has staged is not touched until the commit is there."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from nightrun.hands import clock, git, lock
from nightrun.hands.git_commit import Place
from nightrun.hands.git_status import Status
from nightrun.hands.lock import Lock
from nightrun.words.errors import NightrunError, TryLater

_NAME = "nightrun-commit-index"
_ALONE = "nightrun.lock"
_ALONE_PATIENCE_S = 30.0
_ALONE_LOOK_S = 0.05
_LOCK_WAITS_S = (0.0, 0.1, 0.2, 0.4, 0.6, 0.7)

_Mark = tuple[int, int, int] | None


class PrivateIndex:
    """Starts as the index of the work tree."""

    def __init__(self, place: Place) -> None:
        self._top = place.top
        self._index = place.git_dir / "index"
        self._lock = place.git_dir / "index.lock"
        self._path = place.git_dir / _NAME
        self._mark: _Mark = None
        self.environment = {"GIT_INDEX_FILE": str(self._path)}

    def begin(self) -> None:
        _wait_for(self._lock)
        self.remove()
        self._mark = _mark(self._index)
        if self._mark is None:
            return
        try:
            # git replaces an index and never writes into one. The same file keeps its time, by which git knows which
            # entries it has to look at again.
            self._path.hardlink_to(self._index)
        except OSError:
            import shutil  # slow, and hardly ever needed

            shutil.copy2(self._index, self._path)

    def stage(self, status: Status) -> None:
        """Everything that is on disk other than in the index."""
        if status.gone:
            # A name below a link or a file that took the place of its folder cannot be given to `--remove`.
            zeros = b"0" * len(status.head or git.ZERO_ID)
            self._update("--index-info", (b"0 %b\t%b" % (zeros, os.fsencode(path)) for path in status.gone))
        if status.changed:
            self.restage(status.changed)

    def restage(self, paths: Sequence[str]) -> None:
        """These as they are on disk now."""
        self._update("--stdin", map(os.fsencode, paths))

    def read(self, tree: str) -> None:
        git.run(self._top, "read-tree", tree, env=self.environment)

    def tree(self) -> str:
        return git.run(self._top, "write-tree", env=self.environment).text.strip()

    def install(self, paths: Sequence[str]) -> None:
        """Make it the index of the work tree; `paths` are where the two differ."""
        _take(self._lock)
        try:
            unchanged = _mark(self._index) == self._mark
            if unchanged and self._path.exists():
                self._path.replace(self._index)
        finally:
            self._lock.unlink()
        if not unchanged:
            # Somebody staged something meanwhile: that stays, and what was committed is brought up to date in it.
            given = b"".join(os.fsencode(path) + b"\0" for path in paths)
            git.run(self._top, "update-index", "--add", "--remove", "-z", "--stdin", stdin=given)

    def remove(self) -> None:
        for path in (self._path, self._path.with_name(f"{_NAME}.lock")):
            path.unlink(missing_ok=True)

    def _update(self, source: str, lines: Iterable[bytes]) -> None:
        given = b"".join(line + b"\0" for line in lines)
        git.run(self._top, "update-index", "--add", "--remove", "-z", source, stdin=given, env=self.environment)


@contextmanager
def private(place: Place, alone_in: Path) -> Iterator[PrivateIndex]:
    """Whoever names the same folder waits; TryLater after a while."""
    held = _hold(alone_in / _ALONE)
    made = PrivateIndex(place)
    try:
        made.begin()
        yield made
    finally:
        with suppress(OSError):
            made.remove()
        held.release()


def own(place: Place) -> dict[str, str]:
    """The environment of a git that uses the work tree's index, as hooks get it."""
    return {"GIT_INDEX_FILE": str(place.git_dir / "index")}


def _hold(path: Path) -> Lock:
    over = clock.monotonic() + _ALONE_PATIENCE_S
    while (held := lock.hold(path)) is None:
        if clock.monotonic() > over:
            raise TryLater("Another commit of nightrun is being made here.", f"It holds {path}.")
        clock.sleep(_ALONE_LOOK_S)
    return held


def _wait_for(path: Path) -> None:
    """Until no other git changes the index; better now than when the commit is made."""
    for wait in _LOCK_WAITS_S:
        clock.sleep(wait)
        if not path.exists():
            return
    raise _in_the_way(path)


def _take(path: Path) -> None:
    """The lock by which all programs that change an index agree."""
    for wait in _LOCK_WAITS_S:
        clock.sleep(wait)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
            return
    raise _in_the_way(path)


def _in_the_way(path: Path) -> NightrunError:
    try:
        age = f" for {clock.now() - path.stat().st_mtime:.0f} s"
    except OSError:
        age = ""
    hint = f"Another git may be at work. If none is, one was killed and left it: rm '{path}'; then run this again."
    return NightrunError(f"{path} has been in the way{age}.", hint)


def _mark(index: Path) -> _Mark:
    try:
        found = index.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
