"""What a killed `git merge --ff-only` left is taken back, a person's edits beside it stay.

git removes the deleted files first, then writes the others one by one in the order of the index, each of them unlinked
and made anew; only then it writes the index, and the ref last (unpack-trees.c and entry.c). While the index is the old
one, a path is as git left it when it holds what the commit holds, the beginning of that, or nothing.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from nightrun.hands import clock, git, git_change
from nightrun.words.change import MODE_ABSENT, MODE_LINK, MODE_NESTED, MODE_PROGRAM, Entry
from nightrun.words.errors import TryLater

_MARK = "nightrun-forward"
_WAIT_S = 10.0
_READS = {"log", "show", "diff", "blame", "grep", "reflog"}  # a pager keeps them alive for hours
_CHUNK = 1 << 20


def began(folder: Path, sha: str, branch: str | None) -> None:
    """Written as a link, since its target is there or not, also after a power cut; its time tells what is older."""
    ended(folder)
    (folder / _MARK).symlink_to(f"{sha} {branch or ''}")


def ended(folder: Path) -> None:
    (folder / _MARK).unlink(missing_ok=True)


def unfinished(folder: Path) -> str | None:
    """The commit to which a fast-forward began here and did not end."""
    return _mark(folder)[0] or None


def _mark(folder: Path) -> tuple[str, str]:
    try:
        sha, _, branch = os.readlink(folder / _MARK).partition(" ")  # noqa: PTH115 (no path)
    except OSError:
        return "", ""
    return sha, branch


def recover(worktree: Path, sha: str) -> None:
    """Nothing is touched unless a fast-forward to this commit began and did not end."""
    folder = git.git_dir(worktree)
    begun, branch = _mark(folder)
    if begun != sha:
        return
    since = (folder / _MARK).lstat().st_mtime_ns
    locked = _remove_locks(worktree, folder, since)
    head = git.tip(worktree, "HEAD")
    base = git.text(worktree, "merge-base", head, sha, ok=(0, 1)) if head not in (None, sha) else ""
    if head is not None and base:
        entries = git_change.differences(worktree, base, sha)
        staged = _staged(worktree)
        if base == head and (git.current_branch(worktree) or "") == branch and _is_staged(staged, entries):
            # Only the ref is missing. git itself would see a folder that became a file as something in the way.
            git.run(worktree, "update-ref", "-m", "merge: Fast-forward", "HEAD", sha, head)
        else:
            _Half(worktree, _unstaged(staged, entries), since).take_back(locked=locked)
    if since < _boot_ns() and git.tip(worktree, "HEAD") == sha:
        _Half(worktree, git_change.differences(worktree, f"{sha}^", sha), since).fill()
    ended(folder)


def fill(worktree: Path, old: str, new: str, since: int) -> None:
    """Write again what a power cut took of a finished change, as the index has it.

    `old` and `new` are trees; nobody but the change wrote here since `since` (nanoseconds since the epoch). Nothing is
    touched when the machine did not start again after that.
    """
    if since < _boot_ns():
        entries = git_change.differences(worktree, old, new)
        staged = _staged(worktree)
        _Half(worktree, [one for one in entries if _is_staged(staged, [one])], since).write_again()


# -- locks


def _remove_locks(worktree: Path, folder: Path, since: int) -> bool:
    """Remove the locks that came after the beginning; whether one was on the index."""
    deadline = clock.monotonic() + _WAIT_S
    while (folder / "index.lock").exists() and _somebody_works(worktree):
        if clock.monotonic() > deadline:
            raise TryLater(f"Another git is at work in {worktree}.", "Let it end, or end it.")
        clock.sleep(0.1)
    branch = git.current_branch(worktree)
    refs = [git.common_dir(worktree) / f"refs/heads/{branch}.lock"] if branch else []
    gone = [lock for lock in (*folder.glob("*.lock"), *refs) if _remove_lock(lock, since)]
    return folder / "index.lock" in gone


def _remove_lock(lock: Path, since: int) -> bool:
    try:
        if lock.lstat().st_mtime_ns < since:
            return False
        lock.unlink()
    except FileNotFoundError:
        return False
    return True


def _somebody_works(worktree: Path) -> bool:
    """Whether a git runs in the work tree: the one whose parent was killed may still be at it."""
    import psutil  # only a recovery needs it, and it is slow to import

    for one in psutil.process_iter(["name", "cwd", "cmdline"]):
        cwd, argv = one.info["cwd"], one.info["cmdline"] or []
        if one.info["name"] == "git" and cwd and Path(cwd).is_relative_to(worktree) and not _READS & set(argv):
            return one.status() != psutil.STATUS_ZOMBIE
    return False


# -- files


Staged = Mapping[str, tuple[int, str]]  # path to mode and id


def _staged(worktree: Path) -> Staged:
    found: dict[str, tuple[int, str]] = {}
    for one in os.fsdecode(git.run(worktree, "ls-files", "--stage", "-z").out).split("\0")[:-1]:
        about, _, path = one.partition("\t")
        mode, name, _ = about.split(" ")
        found[path] = (int(mode, 8), name)
    return found


def _is_staged(staged: Staged, entries: Sequence[Entry]) -> bool:
    """Whether git came so far that it wrote the index, which it does at once and after all files."""
    return all(staged.get(one.path) == ((one.new_mode, one.new_id) if one.new_mode else None) for one in entries)


def _unstaged(staged: Staged, entries: Sequence[Entry]) -> list[Entry]:
    """Those that are in the index as they were before: what else is staged is the person's."""
    return [
        one
        for one in entries
        if staged.get(one.path) == ((one.old_mode, one.old_id) if one.old_mode else None)
        and MODE_NESTED not in (one.old_mode, one.new_mode)
    ]


def finish_removals(worktree: Path, old: str, new: str) -> None:
    """Remove what git could not remove: it warns of that and calls all of it well done, and the file would look like
    a new one of the person's. What holds something else by now is theirs and stays."""
    gone = [one for one in git_change.differences(worktree, old, new) if one.new_mode == MODE_ABSENT]
    half = _Half(worktree, [one for one in gone if _look(worktree / one.path) is not None], 0)
    half.remove_old()


class _Half:
    """A work tree in which some of the files of a commit may be written."""

    def __init__(self, worktree: Path, entries: Sequence[Entry], since: int) -> None:
        self._worktree = worktree
        self._entries = entries  # in the order in which git writes them
        self._since = since  # when it began, in nanoseconds
        self._seen = {one.path: _look(worktree / one.path) for one in entries}
        self._names = _names(worktree, entries, self._seen)

    def take_back(self, *, locked: bool) -> None:
        """Without a lock and without a file that was written there is no sign that git came so far."""
        made = [one for one in self._entries if one.new_mode]
        written = [one for one in made if self._is_written(one)]
        if not written and not locked:
            return
        for one in (*written, *self._begun(made, written)):
            self._unlink(one)
        self._restore()

    def fill(self) -> None:
        """All was done, and the power was cut before the files themselves were on the disk."""
        made = [one for one in self._entries if one.new_mode and not self._is_written(one)]
        lost = [one for one in made if self._is_beginning(one)]
        for one in lost:
            self._unlink(one)
        self._check_out([one.path for one in lost if self._is_free(one.path)])

    def write_again(self) -> None:
        """What was not made durable is as it was before, empty, cut off, or not there at all."""
        lost = [one for one in self._entries if not self._is_written(one) and self._is_lost(one)]
        for one in lost:
            self._unlink(one)
        self._check_out([one.path for one in lost if one.new_mode and self._is_free(one.path)])

    def remove_old(self) -> None:
        """What is on disk as it was before, of what is not to be there any more."""
        for one in self._entries:
            if one.old_id in self._names[one.path]:
                self._unlink(one)

    def _is_lost(self, entry: Entry) -> bool:
        found = self._seen[entry.path]
        if found is None:
            return entry.new_mode != MODE_ABSENT
        as_before = found.st_mtime_ns < self._since and entry.old_id in self._names[entry.path]
        return as_before or (entry.new_mode != MODE_ABSENT and self._is_beginning(entry))

    def _is_written(self, entry: Entry) -> bool:
        """Whether the commit's version is on disk, and not also the one before it."""
        found = self._seen[entry.path]
        if found is None or entry.new_id not in self._names[entry.path]:
            return False
        if stat.S_ISLNK(found.st_mode) or entry.new_mode == MODE_LINK:
            return stat.S_ISLNK(found.st_mode) and entry.new_mode == MODE_LINK
        if entry.old_mode in (MODE_ABSENT, MODE_LINK) or entry.old_id != entry.new_id:
            return True
        return bool(found.st_mode & stat.S_IXUSR) == (entry.new_mode == MODE_PROGRAM)

    def _begun(self, made: Sequence[Entry], written: Sequence[Entry]) -> list[Entry]:
        """The file that git was at; after a power cut any may have lost its end."""
        last = max((made.index(one) for one in written), default=-1)
        rebooted = self._since < _boot_ns()
        asked = [one for one in made if one not in written] if rebooted else made[last + 1 : last + 2]
        return [one for one in asked if self._is_beginning(one)]

    def _is_beginning(self, entry: Entry) -> bool:
        found, path = self._seen[entry.path], self._worktree / entry.path
        if found is None or not stat.S_ISREG(found.st_mode) or entry.new_mode == MODE_LINK:
            return False
        if found.st_mtime_ns < self._since or entry.old_id in self._names[entry.path]:
            return False
        there = path.read_bytes()
        if git.run(self._worktree, "cat-file", "blob", entry.new_id).out.startswith(there):
            return True
        filtered = ("cat-file", "--filters", f"--path={entry.path}", entry.new_id)
        return git.run(self._worktree, *filtered).out.startswith(there)

    def _unlink(self, entry: Entry) -> None:
        path = self._worktree / entry.path
        if _change_of(_look(path)) != _change_of(self._seen[entry.path]):
            return  # somebody wrote it just now
        path.unlink(missing_ok=True)
        for folder in Path(entry.path).parents[:-1]:
            try:
                (self._worktree / folder).rmdir()
            except OSError:
                break

    def _restore(self) -> None:
        """Files that are not there, as the index says. Without --force nothing on disk is overwritten."""
        self._check_out([one.path for one in self._entries if one.old_mode and self._is_free(one.path)])

    def _check_out(self, missing: Sequence[str]) -> None:
        listed = b"".join(os.fsencode(path) + b"\0" for path in missing)
        if listed:
            git.run(self._worktree, "checkout-index", "-q", "-u", "-z", "--stdin", stdin=listed, timeout_s=300.0)

    def _is_free(self, path: str) -> bool:
        above = [_look(self._worktree / folder) for folder in Path(path).parents[:-1]]
        return _look(self._worktree / path) is None and all(one is None or stat.S_ISDIR(one.st_mode) for one in above)


def _boot_ns() -> float:
    return (clock.now() - clock.boottime()) * 1e9


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _change_of(found: os.stat_result | None) -> tuple[int, ...]:
    """What reading a file leaves as it is."""
    return () if found is None else (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _names(
    worktree: Path, entries: Sequence[Entry], seen: Mapping[str, os.stat_result | None]
) -> dict[str, tuple[str, ...]]:
    """The ids that what is on disk has, byte for byte and as git would store it."""
    names: dict[str, tuple[str, ...]] = {}
    unknown = []
    for one in entries:
        found = seen[one.path]
        name = _blob_id(worktree / one.path, found, len(one.new_id)) if found is not None else None
        names[one.path] = (name,) if name else ()
        if found is not None and stat.S_ISREG(found.st_mode) and name not in (one.old_id, one.new_id):
            unknown.append(one.path)
    unknown = [path for path in unknown if "\n" not in path]  # what is listed here ends at a line end
    listed = os.fsencode("".join(f"{path}\n" for path in unknown))
    stored = git.run(worktree, "hash-object", "--stdin-paths", stdin=listed).text.split() if unknown else []
    for path, name in zip(unknown, stored, strict=True):
        names[path] = (*names[path], name)
    return names


def _blob_id(path: Path, found: os.stat_result, digits: int) -> str | None:
    digest = hashlib.sha1(usedforsecurity=False) if digits == 40 else hashlib.sha256()
    if stat.S_ISLNK(found.st_mode):
        target = os.fsencode(path.readlink())
        digest.update(b"blob %d\0" % len(target) + target)
    elif stat.S_ISREG(found.st_mode):
        digest.update(b"blob %d\0" % found.st_size)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    else:
        return None
    return digest.hexdigest()
