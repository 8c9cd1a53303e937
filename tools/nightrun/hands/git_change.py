"""What is on disk as a tree, and the difference of two trees as git's objects say it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nightrun.decisions import lines
from nightrun.hands import git, git_private, git_staged, git_worktree
from nightrun.words.change import ADDED, MODE_ABSENT, MODE_LINK, MODE_NESTED, TYPE_CHANGED, Change, Entry
from nightrun.words.errors import NightrunError

_TIMEOUT_S = 600.0
_ALL_LINES_BYTES = 32 << 20  # more than this of new files is not looked at line by line
_NESTED_EMPTY = "does not have a commit checked out"
_MOST_SAID = 300  # characters of what git says
_BROKEN_INDEX = re.compile("index file (corrupt|smaller)|bad index|bad signature|index uses|unknown index")
# What only the files themselves can be the cause of; git then records nothing of all the work.
_NOT_TAKEN = re.compile(
    r"invalid path '.+'|.+: can only add regular files.*|BOM is (?:required|prohibited) in .+|failed to encode .+"
    r"|(?:CRLF|LF) would be replaced by .+|open\(\".+\"\): Permission denied"
)
_STATUS = ("status", "--porcelain=v2", "-z", "--untracked-files=all", "--ignore-submodules=dirty", "--no-renames")
_NO_FETCH = {"GIT_NO_LAZY_FETCH": "1"}
# No secret that is looked for is shorter. The last two are UTF-16, in which every other byte is a zero.
_READABLE = re.compile(rb"[\t\n\r -~]{16,}|(?:[\t\n\r -~]\0){16,}|(?:\0[\t\n\r -~]){16,}")
_HUNK = re.compile(rb"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_MISSING = (b"does not exist", b"exists on disk, but not in", b"bad file", b"Not a valid object name")


class NotTaken(NightrunError):
    """There is something on disk that git refuses to record, or cannot read."""


# -- the work tree as a tree


def snapshot(worktree: Path, *, leave_out: Sequence[str] = ()) -> str:
    """The tree of everything on disk that is not ignored; staged in the index of this work tree.

    Where an agent moved HEAD or what it staged does not matter. `leave_out` are paths that are not part of the work.
    """
    folder = _folder(worktree)
    if git_staged.marked_tree(folder) is None:
        _repair(worktree, folder)
    _add_all(worktree, leave_out)
    tree = git.text(worktree, "write-tree")
    git_staged.mark(folder, tree)
    return tree


def tracked_tree(worktree: Path) -> str:
    """The tree of the tracked files as they are on disk now; the index stays as it is."""
    folder = _folder(worktree)
    tree = git_staged.marked_tree(folder)
    if tree and _is_as_staged(worktree):
        return tree
    with git_staged.private(folder) as env:
        git_staged.show_all(worktree, env)
        git.run(worktree, "add", "--update", "--sparse", env=env, timeout_s=_TIMEOUT_S)
        return os.fsdecode(git.run(worktree, "write-tree", env=env).out).strip()


def put_back(worktree: Path, tree: str, *, leave_out: Sequence[str] = ()) -> None:
    """Make the files on disk and the index those of a tree again. Ignored files stay."""
    snapshot(worktree, leave_out=leave_out)
    git.run(worktree, "read-tree", "--reset", "-u", tree, timeout_s=_TIMEOUT_S)


def _folder(worktree: Path) -> Path:
    """The git folder of a work tree, after what a sandboxed git wrote beside the repository is part of it."""
    folder = git_worktree.git_dir(worktree)
    git_private.take_over(worktree, folder)
    return folder


def _is_as_staged(worktree: Path) -> bool:
    flags = ("--quiet", "--no-ext-diff", "--ignore-submodules=dirty")
    return git.run(worktree, "diff-files", *flags, ok=(0, 1), timeout_s=_TIMEOUT_S).code == 0


def _repair(worktree: Path, folder: Path) -> None:
    """An index that an agent wrote: it may be gone, broken, or hide files."""
    linked = folder != git.common_dir(worktree)
    if (folder / "index").exists():
        try:
            git_staged.show_all(worktree, {})
            return
        except git.GitFailed as error:
            if not linked or not _BROKEN_INDEX.search(error.said):
                raise
    (folder / "index").unlink(missing_ok=True)
    # Nested repositories that are not checked out are only in the index.
    if git.tip(worktree, "HEAD"):
        git.run(worktree, "read-tree", "HEAD")


def _add_all(worktree: Path, leave_out: Sequence[str]) -> None:
    try:
        _add(worktree, leave_out)
    except git.GitFailed as error:
        if _NESTED_EMPTY not in error.said:
            raise
        empty = _nested_without_commit(worktree)
        _add(worktree, (*leave_out, *empty))
        _add_as_nested(worktree, empty)


def _add(worktree: Path, leave_out: Sequence[str]) -> None:
    try:
        _stage(worktree, leave_out)
    except git.GitFailed as error:
        if (found := _NOT_TAKEN.search(error.said)) is None:
            raise
        hint = "Name it otherwise, change it or take it away: with it, nothing of the work can be recorded."
        raise NotTaken(f"git does not take the work in: {lines.safe(found[0], _MOST_SAID)}.", hint) from error


def _stage(worktree: Path, leave_out: Sequence[str]) -> None:
    if not leave_out:
        git.run(worktree, "add", "--all", "--sparse", timeout_s=_TIMEOUT_S)
        return
    magic = {"GIT_LITERAL_PATHSPECS": "0"}
    without = (f":(top,exclude,literal){path}" for path in leave_out)
    args = ("add", "--all", "--sparse", "--", ":(top)", *without)
    done = git.run(worktree, *args, env=magic, timeout_s=_TIMEOUT_S, ok=(0, 1))
    # git stages all the rest, and then complains when a path that is left out is ignored anyway.
    if done.code and not done.err.startswith(b"The following paths are ignored"):
        raise git.GitFailed(done.argv, done.code, os.fsdecode(done.err))


def _nested_without_commit(worktree: Path) -> list[str]:
    """Repositories inside this one that have no commit: git cannot record them and gives up on all the rest."""
    listed = os.fsdecode(git.run(worktree, "ls-files", "--others", "--exclude-standard", "-z").out).split("\0")
    nested = [path.rstrip("/") for path in listed if path.endswith("/")]
    return [path for path in nested if git.tip(worktree / path, "HEAD") is None]


def _add_as_nested(worktree: Path, paths: Sequence[str]) -> None:
    """As if they had a commit: so they are an entry of the change, which a scan sees."""
    stand_in = empty_tree(worktree)
    lines = "".join(f"{MODE_NESTED:o} {stand_in} 0\t{path}\0" for path in paths)
    git.run(worktree, "update-index", "-z", "--index-info", stdin=os.fsencode(lines))


# -- questions


def changed_paths(worktree: Path) -> list[str]:
    """Paths that differ from HEAD in the index or on disk, new ones included. A nested repository ends with a slash."""
    return [path for _, path in _status(worktree)]


def path_is_clean(root: Path, path: str) -> bool:
    """Whether a path is on disk and in the index what it is in HEAD."""
    return not _status(root, "--ignored=matching", "--", path)


def _status(worktree: Path, *more: str) -> list[tuple[str, str]]:
    """Kind (1 changed, u unmerged, ? new, ! ignored) and path."""
    fields = os.fsdecode(git.run(worktree, *_STATUS, *more, timeout_s=_TIMEOUT_S).out).split("\0")
    before_path = {"1": 8, "u": 10, "?": 1, "!": 1}
    return [(one[0], one.split(" ", before_path[one[0]])[-1]) for one in fields if one]


def file_at(root: Path, tree: str, path: str) -> bytes | None:
    """The content of a file in a tree or commit; None when there is no such file."""
    done = git.run(root, "cat-file", "blob", f"{tree}:{path}", ok=(0, 128))
    if done.code == 0:
        return done.out
    if any(words in done.err for words in _MISSING):
        return None
    raise git.GitFailed(done.argv, done.code, os.fsdecode(done.err))


def with_file(root: Path, tree: str, path: str, content: bytes) -> str:
    """The tree with the content of one of its files replaced."""
    blob = os.fsdecode(git.run(root, "hash-object", "-w", "--stdin", stdin=content).out).strip()
    return _with_entry(root, tree, path, blob)


def _with_entry(root: Path, tree: str, path: str, new: str) -> str:
    name, _, rest = path.partition("/")
    entries = os.fsdecode(git.run(root, "ls-tree", "-z", tree).out).split("\0")[:-1]
    for at, entry in enumerate(entries):
        about, _, found = entry.partition("\t")
        if found == name:
            mode, kind, old = about.split(" ")
            if (kind == "tree") != bool(rest):
                break
            entries[at] = f"{mode} {kind} {_with_entry(root, old, rest, new) if rest else new}\t{name}"
            listed = os.fsencode("".join(f"{one}\0" for one in entries))
            return os.fsdecode(git.run(root, "mktree", "-z", stdin=listed).out).strip()
    raise NightrunError(f"There is no file {path} in {tree}.")


def empty_tree(root: Path) -> str:
    return os.fsdecode(git.run(root, "mktree", stdin=b"").out).strip()


# -- the difference of two trees


@dataclass
class _Lines:
    """What the patch says about one path."""

    added: list[tuple[int, str]]
    removed: list[tuple[int, str]]
    binary: bool = False


def change(root: Path, old_tree: str, new_tree: str, *, line_bytes: int = 2 << 20, lazy: bool = True) -> Change:
    """The difference of two trees. Lines are read of files up to `line_bytes`, and of the smaller ones first.

    GitFailed when an object is missing; `lazy` fetches it in a partial clone, by a program that the settings name.
    """
    env = {} if lazy else _NO_FETCH
    entries = differences(root, old_tree, new_tree, env=env)
    sizes = _sizes(root, entries, env)
    limit = _limit(entries, sizes, line_bytes)
    sections = iter(_sections(root, old_tree, new_tree, limit, env) if entries else ())
    filled = [_with_pieces(root, _filled(entry, sizes, limit, sections), env) for entry in entries]
    complete = all(size <= limit for size in sizes.values())
    paths = _paths(root, new_tree, env) if any(one.status == ADDED for one in entries) else frozenset()
    return Change(base=old_tree, tree=new_tree, entries=tuple(filled), complete=complete, paths=paths)


def _paths(root: Path, tree: str, env: Mapping[str, str]) -> frozenset[str]:
    flags = ("-r", "-z", "--name-only", "--full-tree")
    listed = git.run(root, "ls-tree", *flags, tree, env=env, timeout_s=_TIMEOUT_S).out
    return frozenset(os.fsdecode(listed).split("\0")[:-1])


def differences(root: Path, old: str, new: str, *, env: Mapping[str, str] | None = None) -> list[Entry]:
    """The paths in which two trees or commits differ, without sizes and lines, in git's order."""
    flags = ("-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none")
    fields = os.fsdecode(git.run(root, "diff-tree", *flags, old, new, env=env).out).split("\0")[:-1]
    found = []
    for about, path in zip(fields[::2], fields[1::2], strict=True):
        old_mode, new_mode, old_id, new_id, status = about.removeprefix(":").split(" ")
        modes = (int(old_mode, 8), int(new_mode, 8))
        found.append(
            Entry(
                path=path, status=status[0], old_mode=modes[0], new_mode=modes[1], old_id=old_id, new_id=new_id, size=0
            )
        )
    return found


def identity(root: Path, old: str, new: str) -> str:
    """The same for two changes that bring the same files, whatever else the trees they are made on hold."""
    entries = differences(root, old, new)
    listed = [f"{one.new_mode:o} {one.new_id} {one.path}\0" for one in entries]
    return hashlib.sha256(os.fsencode("".join(listed))).hexdigest()


def _sizes(root: Path, entries: Sequence[Entry], env: Mapping[str, str]) -> dict[str, int]:
    """Bytes of each blob, by id."""
    wanted = {one.old_id for one in entries if one.old_mode not in (0, MODE_NESTED)}
    wanted |= {one.new_id for one in entries if one.new_mode not in (0, MODE_NESTED)}
    if not wanted:
        return {}
    listed = "".join(f"{one}\n" for one in wanted).encode()
    asked = ("cat-file", "--batch-check=%(objectname) %(objectsize)")
    done = git.run(root, *asked, stdin=listed, env=env)
    said = [line.split(" ") for line in done.out.decode().splitlines()]
    if missing := [name for name, size in said if not size.isdecimal()]:
        raise git.GitFailed(done.argv, done.code, f"object {missing[0]} is missing")
    return {name: int(size) for name, size in said}


def _limit(entries: Sequence[Entry], sizes: Mapping[str, int], line_bytes: int) -> int:
    """The size up to which lines are read, so that all of them together fit into memory."""
    total = 0
    for size in sorted(_larger(one, sizes) for one in entries):
        total += size
        if total > _ALL_LINES_BYTES:
            return min(size - 1, line_bytes)
    return line_bytes


def _larger(entry: Entry, sizes: Mapping[str, int]) -> int:
    return max(sizes.get(entry.old_id, 0), sizes.get(entry.new_id, 0))


def _sections(root: Path, old: str, new: str, limit: int, env: Mapping[str, str]) -> Iterator[bytes]:
    """The patch, cut before each file. Two for a path whose type changed: deleted, then made."""
    common = git.common_dir(root)
    flags = ("-r", "-p", "-U0", "--inter-hunk-context=0", "--no-renames", "--no-color", "--no-relative")
    quiet = ("--no-ext-diff", "--no-textconv", "--submodule=short", "--ignore-submodules=none", "--full-index")
    # No .gitattributes is read, where an agent's earlier change may have said that files are no text.
    place = {"GIT_DIR": str(common), "GIT_INDEX_FILE": str(common / "nightrun-no-index"), "GIT_ATTR_SOURCE": old}
    env = {**place, **env}
    settings = ("-c", f"core.bigFileThreshold={limit}", "-c", f"core.attributesFile={os.devnull}")
    out = git.run(common, *settings, "diff-tree", *flags, *quiet, old, new, env=env, timeout_s=_TIMEOUT_S).out
    # Every line of content begins with a sign, so this is no content.
    yield from (b"\n" + out).split(b"\ndiff --git ")[1:]


def _filled(entry: Entry, sizes: Mapping[str, int], limit: int, sections: Iterator[bytes]) -> Entry:
    lines = _Lines([], [])
    for _ in range(2 if entry.status == TYPE_CHANGED else 1):
        _read(next(sections), lines)
    return replace(
        entry,
        size=sizes.get(entry.new_id, 0) if entry.new_mode != MODE_NESTED else 0,
        added=() if entry.new_mode == MODE_NESTED else tuple(lines.added),
        removed=() if entry.old_mode == MODE_NESTED else tuple(lines.removed),
        # git calls every file above the limit binary
        binary=lines.binary and _larger(entry, sizes) <= limit,
        target="\n".join(text for _, text in lines.added) if entry.new_mode == MODE_LINK else None,
    )


def _with_pieces(root: Path, entry: Entry, env: Mapping[str, str]) -> Entry:
    if not entry.binary or entry.new_mode in (MODE_ABSENT, MODE_NESTED):
        return entry
    before = _pieces(root, entry.old_id, env) if entry.old_mode not in (MODE_ABSENT, MODE_NESTED) else frozenset()
    return replace(entry, pieces=tuple(sorted(_pieces(root, entry.new_id, env) - before)))


def _pieces(root: Path, blob: str, env: Mapping[str, str]) -> frozenset[str]:
    """Runs of readable characters."""
    data = git.run(root, "cat-file", "blob", blob, env=env).out
    return frozenset(one.replace(b"\0", b"").decode("ascii") for one in _READABLE.findall(data))


def _read(section: bytes, lines: _Lines) -> None:
    old = new = 0
    in_hunk = False
    for line in section.split(b"\n"):
        if hunk := _HUNK.match(line):
            old, new, in_hunk = int(hunk[1]), int(hunk[2]), True
        elif not in_hunk:
            lines.binary = lines.binary or (line.startswith(b"Binary files ") and line.endswith(b" differ"))
        elif line.startswith(b"+"):
            lines.added.append((new, _text(line)))
            new += 1
        elif line.startswith(b"-"):
            lines.removed.append((old, _text(line)))
            old += 1


def _text(line: bytes) -> str:
    return os.fsdecode(line[1:].removesuffix(b"\r"))
