"""The only door to bwrap: whether it works here, and a room of its own for each program that is not ours."""

from __future__ import annotations

import functools
import os
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nightrun.decisions import sandbox, sandbox_home
from nightrun.hands import files, git, git_private, process, sandbox_cache
from nightrun.hands.process import Ended, ProgramMissing
from nightrun.hands.state_dir import StateDir
from nightrun.words import sandbox as words
from nightrun.words.errors import NightrunError
from nightrun.words.sandbox import Own, Room, Rules

ROOMS = sandbox_cache.ROOMS
COPIES = "settings"
INSTALL = "Install bubblewrap (apt install bubblewrap, dnf install bubblewrap)."
ALLOW = (
    "Where AppArmor forbids it (Ubuntu 23.10 and newer), install the profile bwrap-userns-restrict of the package "
    "apparmor-profiles, or set the sysctl kernel.apparmor_restrict_unprivileged_userns to 0."
)
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - inside they are other folders
_TRIAL_S = 20.0
_MOST_SETTINGS = 64 << 10
_ENV_FILE = re.compile(r"\.env(\..+)?")
_NO_SECRETS = re.compile(r".*\.(example|sample|template|dist)")


@dataclass(frozen=True, kw_only=True)
class Found:
    """Whether programs can be kept in a sandbox here. `why` says why not, `fix` what a person can do."""

    program: str | None
    why: str = ""
    fix: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a program works and what it needs there."""

    worktree: Path
    root: Path | None  # None: the worktree is a repository of its own, in nobody's project
    room: Path  # folder that is made for it, and removed
    kind: str = words.GATE
    own: Own = Own()  # noqa: RUF009 - frozen
    work: tuple[Path, ...] = ()  # folders and files outside of the worktree that it has to write
    command: tuple[str, ...] = ()  # as the policy has it: programs and files that it names are shown


class NoSandbox(NightrunError):
    """The policy wants a sandbox, and there is none."""


@functools.cache
def look() -> Found:
    """Tried for real, once in each process."""
    program = shutil.which("bwrap")
    if program is None:
        return Found(program=None, why="bwrap is not here", fix=INSTALL)
    try:
        done = process.run(sandbox.trial(program, is_root=_is_root()), timeout_s=_TRIAL_S)
    except NightrunError as error:
        return Found(program=None, why=error.message, fix=INSTALL)
    if done.code == 0:
        return Found(program=program)
    said = done.err.decode(errors="replace").strip().split("\n")[-1] or f"exit code {done.code}"
    return Found(program=None, why=f"bwrap is here, but may not be used ({said})", fix=ALLOW)


def wanted(mode: str) -> str | None:
    """The bwrap to be used; None: none. NoSandbox when the policy insists and there is none."""
    if mode == words.OFF:
        return None
    found = look()
    if found.program is None and mode == words.BWRAP:
        raise NoSandbox(f"workspace.sandbox is bwrap, and {found.why}.", found.fix)
    return found.program


def why_not(mode: str) -> str | None:
    """Why programs run without a sandbox here, in words; None: they run in one."""
    if mode == words.OFF:
        return "workspace.sandbox is off"
    found = look()
    return None if found.program is not None else found.why


@contextmanager
def entered(rules: Rules, place: Place, argv: Sequence[str], env: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The arguments that stand before `argv`, none without a sandbox; what they name is there until the end."""
    bwrap = wanted(rules.mode)
    if bwrap is None:
        yield ()
        return
    _check(argv[0], place.worktree, env)
    try:
        yield sandbox.arguments(bwrap, _furnished(rules, place, argv, env))
    finally:
        files.remove_tree(place.room)


def check_end(box: Sequence[str], ended: Ended) -> None:
    """NoSandbox when bwrap could not make the room, ProgramMissing when it could not start the program in it."""
    if box and ended.code == 1 and ended.tail.startswith(b"bwrap: ") and ended.output_bytes == len(ended.tail):
        said = ended.tail.decode(errors="replace").strip().split("\n")[0]
        if said.startswith("bwrap: execvp "):
            raise ProgramMissing(f"The program cannot be started: {said.removeprefix('bwrap: execvp ')}.")
        raise NoSandbox(f"The sandbox could not be made ({said}).", "See `nightrun doctor`, or workspace.sandbox.")


def _check(program: str, cwd: Path, env: Mapping[str, str]) -> None:
    """bwrap itself would only print that it is missing, and end as a program that failed."""
    name = str(cwd / program) if "/" in program else program
    if shutil.which(name, path=env.get("PATH")) is None:
        raise ProgramMissing(f"The program {program} cannot be started: No such file or directory.")


def _is_root() -> bool:
    return os.geteuid() == 0


# -- the room


def _furnished(rules: Rules, place: Place, argv: Sequence[str], env: Mapping[str, str]) -> Room:
    """The room's folder holds what is /tmp inside; the home folder is made in memory, all but its caches."""
    if os.path.lexists(place.room):
        files.remove_tree(place.room)
    temporary = place.room / "tmp"
    temporary.mkdir(mode=0o700, parents=True)
    temporary.chmod(0o1777)
    home = _home(env)
    state = StateDir(place.root) if place.root is not None else None
    hidden = [*_TEMPORARY, "/run", "/dev", *((str(home),) if home else ())]
    readable = dict.fromkeys(_programs(place, argv, env, hidden))
    if home is not None:
        readable |= dict.fromkeys(_existing(home, sandbox_home.TOOLS))
    return Room(
        worktree=str(place.worktree),
        root=str(place.root) if place.root is not None else None,
        state=str(state.path) if state is not None else None,
        home=str(home) if home is not None else None,
        home_files=_settings(home, state.path if state is not None else place.room) if home is not None else (),
        copies=tuple(_copies(home, place)) if home is not None else (),
        temporary=str(temporary),
        temporary_places=tuple(one for one in _TEMPORARY if os.path.realpath(one) == one and Path(one).is_dir()),
        cache=_cache(state, place.kind),
        caches=sandbox_home.CACHES,
        readable=_outermost(one for one in readable if Path(one).exists()),
        masked=tuple(_secrets(place, rules.links)),
        logins=tuple(_existing(home, place.own.folders)) if home is not None else (),
        settings=tuple(_existing(home, place.own.settings)) if home is not None else (),
        asked_readable=tuple(_asked(rules.readable)),
        asked_writable=tuple(_asked(rules.writable)),
        work=(*map(str, place.work), *_linked(place, rules.links)),
        git=git_private.prepare(place.worktree, sandbox.OBJECTS) if place.root is not None else None,
        is_root=_is_root(),
    )


def _home(env: Mapping[str, str]) -> Path | None:
    """A home folder that is the whole machine cannot be another one."""
    value = env.get("HOME", "")
    path = Path(os.path.realpath(value)) if value.startswith("/") else None
    return path if path is not None and path != Path("/") and path.is_dir() else None


@functools.cache
def _settings(home: Path, folder: Path) -> tuple[tuple[str, str], ...]:
    """Copies of those of the person's settings that hold no secret, made once in each process."""
    made = []
    for name in sandbox_home.SETTINGS:
        data = _harmless(home / name)
        if name == ".gitconfig":
            data = (data or b"") + b"\n" + sandbox_home.GIT_LINES.encode()
        if data is not None:
            copy = folder / COPIES / str(os.getpid()) / name
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy.write_bytes(data)
            made.append((str(copy), str(home / name)))
    return tuple(made)


def _harmless(path: Path) -> bytes | None:
    """None when it is not there, is too long to be looked through, or may hold a secret."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_SETTINGS:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    return None if sandbox_home.holds_secret(data.decode(errors="replace")) else data


def _copies(home: Path, place: Place) -> Iterator[tuple[str, str]]:
    """Files that the program changes while it runs; what it writes there is gone afterwards."""
    for name in place.own.files:
        if (home / name).is_file():
            copy = place.room / name
            shutil.copyfile(home / name, copy)
            yield str(copy), str(home / name)


def _cache(state: StateDir | None, kind: str) -> str | None:
    """An agent may put anything into its own; a gate does not read what an agent put there."""
    return None if state is None else str(sandbox_cache.folder(state, kind))


def _programs(place: Place, argv: Sequence[str], env: Mapping[str, str], hidden: Collection[str]) -> Iterator[str]:
    """What the program, and those that it may start, are made of, as far as it is in folders that are others inside."""
    yield from sandbox_home.program_folders(env, hidden=hidden)
    started = shutil.which(argv[0], path=env.get("PATH"))
    named = (one for one in place.command if one.startswith("/") and Path(one).exists())
    for one in (*([started] if started else []), *named):
        for path in dict.fromkeys((os.path.normpath(one), os.path.realpath(one))):
            found = sandbox_home.shown(path, hidden=hidden)
            if found is not None:
                yield found


def _existing(home: Path, names: Sequence[str]) -> Iterator[str]:
    return (str(home / name) for name in names if (home / name).exists())


def _outermost(paths: Iterator[str]) -> tuple[str, ...]:
    """Without those that lie in another one of them."""
    kept: list[str] = []
    for path in sorted(paths, key=lambda one: one.split("/")):
        if not kept or not Path(path).is_relative_to(kept[-1]):
            kept.append(path)
    return tuple(kept)


def _asked(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        full = os.path.realpath(Path(path).expanduser())
        if Path(full).exists():
            yield full


def _secrets(place: Place, links: Sequence[str]) -> Iterator[str]:
    """Files such as .env beside the policy; one that the policy links is meant to be read.

    In the project root itself one that git knows is part of the work.
    """
    if place.root is None:
        return
    names = [
        name
        for name in sorted(os.listdir(place.root))  # noqa: PTH208 - names are enough
        if _ENV_FILE.fullmatch(name) and not _NO_SECRETS.fullmatch(name) and name not in links
    ]
    if names and place.root == place.worktree:
        known = git.text(place.root, "ls-files", "-z", "--", *names).split("\0")
        names = [name for name in names if name not in known]
    for name in names:
        path = place.root / name
        if path.is_file() and not path.is_symlink():
            yield str(path)


def _linked(place: Place, links: Sequence[str]) -> Iterator[str]:
    """The worktree's links lead there."""
    if place.root is None or place.root == place.worktree:
        return
    for name in links:
        path = place.root / name
        if path.exists() and os.path.realpath(path) == str(path):
            yield str(path)
