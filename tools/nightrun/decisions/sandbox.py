"""The arguments of bwrap(1) for one program: what it sees, what it may change, and that it ends with its parent.

Everything of the machine can be read and nothing changed, but for what is named; the home folder, the temporary
folders, /run and the state folder are others inside. Later arguments win over earlier ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from nightrun.words.sandbox import Git, Room, Rules

OBJECTS = "/run/nightrun/objects"  # the repository's objects, behind a folder for new ones
# What names are looked up with, and what NixOS keeps its programs in.
_OF_RUN = (
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager",
    "/run/nscd",
    "/run/current-system",
    "/run/booted-system",
    "/run/opengl-driver",
)
# Files of the kernel that root may write without any power: one of them names a program that runs as root, outside.
_OF_KERNEL = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi")
# What package programs of root need: owners, modes, other users. None of them reaches a mount or a device.
_POWERS = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETGID", "SETUID", "KILL")
_NOTHING = "/dev/null"


class Settings(Protocol):
    """The section `workspace` of the policy."""

    @property
    def sandbox(self) -> str: ...
    @property
    def readable(self) -> tuple[str, ...]: ...
    @property
    def writable(self) -> tuple[str, ...]: ...
    @property
    def link(self) -> tuple[str, ...]: ...


def arguments(bwrap: str, room: Room) -> tuple[str, ...]:
    """What stands before the program and its own arguments."""
    return (
        bwrap,
        *("--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc"),
        *_powers(room),
        *_machine(room),
        *_home(room),
        *_asked(room),
        *_project(room),
        *("--setenv", "TMPDIR", "/tmp", "--unsetenv", "XDG_RUNTIME_DIR"),  # noqa: S108 - inside it is its own
        *("--chdir", room.worktree, "--"),
    )


def rules(settings: Settings) -> Rules:
    """What the policy says."""
    return Rules(
        mode=settings.sandbox, readable=settings.readable, writable=settings.writable, links=tuple(settings.link)
    )


def trial(bwrap: str, *, is_root: bool) -> tuple[str, ...]:
    """The least that has to work; it runs `true`."""
    walls = ("--die-with-parent", "--new-session", "--unshare-pid", "--unshare-ipc")
    room = Room(worktree="/", root=None, state=None, home=None, temporary="", cache=None, is_root=is_root)
    seen = ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", *_kernel(room), "--tmpfs", "/run")
    return (bwrap, *walls, *_powers(room), *seen, "--", "true")


def _powers(room: Room) -> Iterator[str]:
    if room.is_root:
        yield from ("--cap-drop", "ALL")
        for power in _POWERS:
            yield from ("--cap-add", f"CAP_{power}")


def _machine(room: Room) -> Iterator[str]:
    yield from ("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc")
    yield from _kernel(room)
    yield from ("--tmpfs", "/run")
    yield from _mounts("--ro-bind-try", _OF_RUN)
    for place in room.temporary_places:
        yield from ("--bind", room.temporary, place)


def _kernel(room: Room) -> Iterator[str]:
    if room.is_root:
        yield from _mounts("--ro-bind-try", _OF_KERNEL)


def _home(room: Room) -> Iterator[str]:
    if room.home is not None:
        yield from ("--tmpfs", room.home)
        if room.cache is not None:
            yield from ("--bind", room.cache, f"{room.home}/.cache")
            for name in room.caches:
                yield from ("--symlink", f"{room.home}/.cache/home/{name}", f"{room.home}/{name}")
        for file, inside in room.home_files:
            yield from ("--ro-bind", file, inside)
        for file, inside in room.copies:
            yield from ("--bind", file, inside)
    yield from _mounts("--ro-bind", room.readable)
    yield from _mounts("--bind", room.logins)
    yield from _mounts("--ro-bind", room.settings)


def _asked(room: Room) -> Iterator[str]:
    """A device that the person gives has to be one inside as well."""
    yield from _mounts("--ro-bind", room.asked_readable)
    for path in room.asked_writable:
        yield from ("--dev-bind" if path.startswith("/dev/") else "--bind", path, path)


def _project(room: Room) -> Iterator[str]:
    if room.root is not None and room.root != room.worktree:
        yield from ("--ro-bind", room.root, room.root)
    if room.worktree == room.root:
        yield from ("--bind", room.root, room.root)
    for path in room.masked:
        yield from ("--ro-bind", _NOTHING, path)
    if room.state is not None:
        yield from ("--tmpfs", room.state)
    yield from ("--bind", room.worktree, room.worktree) if room.worktree != room.root else ()
    yield from _mounts("--bind", room.work)
    if room.git is not None:
        yield from _git(room.git, apart=room.worktree != room.root)


def _git(git: Git, *, apart: bool) -> Iterator[str]:
    """A linked work tree adds and commits beside the repository; the project root only reads its own."""
    yield from ("--ro-bind", git.common, git.common)
    if not apart:
        return
    yield from ("--bind", git.own, git.own)
    yield from _mounts("--ro-bind", git.fixed)
    yield from ("--ro-bind", f"{git.common}/objects", OBJECTS, "--bind", git.objects, f"{git.common}/objects")
    if git.heads is not None:
        yield from ("--bind", git.heads, f"{git.common}/refs/heads/{git.branches}")
    if git.logs is not None:
        yield from ("--bind", git.logs, f"{git.common}/logs/refs/heads/{git.branches}")


def _mounts(kind: str, paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        yield from (kind, path, path)
