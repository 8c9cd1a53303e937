"""What a program that is not ours may reach when it is started in a sandbox, and what a person wants of it."""

from __future__ import annotations

from dataclasses import dataclass

AUTO = "auto"
BWRAP = "bwrap"
OFF = "off"
MODES = (AUTO, BWRAP, OFF)

AGENT = "agent"
GATE = "gate"


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What the policy says. `readable` and `writable` are paths of the machine; `~` is the person's home folder."""

    mode: str = AUTO
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    links: tuple[str, ...] = ()  # names below the project root that every worktree links to


@dataclass(frozen=True, kw_only=True)
class Own:
    """What an agent keeps in the home folder, relative to it."""

    folders: tuple[str, ...] = ()  # its login: it may change it
    files: tuple[str, ...] = ()  # it gets a copy
    settings: tuple[str, ...] = ()  # below its folders; it may only read them, since they can name programs to run


@dataclass(frozen=True, kw_only=True)
class Room:
    """The paths that a sandbox is made of; all absolute, and those that are mounted exist."""

    worktree: str
    root: str | None  # the project root; None: the worktree is a repository of its own
    state: str | None  # the state folder in it
    home: str | None  # the person's home folder; None: there is none that could be hidden
    home_files: tuple[tuple[str, str], ...] = ()  # file of ours, and where it is inside: settings, read only
    copies: tuple[tuple[str, str], ...] = ()  # the same; they may be changed
    caches: tuple[str, ...] = ()  # below the home folder, kept below its .cache
    temporary: str  # folder that is `temporary_places` inside
    temporary_places: tuple[str, ...] = ("/tmp", "/var/tmp")  # noqa: S108 - nothing of it is used
    cache: str | None  # folder that is ~/.cache inside
    readable: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()  # files in the project root that are empty inside
    logins: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    asked_readable: tuple[str, ...] = ()  # by the person: they win over everything but the project's own
    asked_writable: tuple[str, ...] = ()
    work: tuple[str, ...] = ()  # below the state folder or the project root, writable
    git: Git | None = None
    is_root: bool = False  # of the machine: its powers are taken away


@dataclass(frozen=True, kw_only=True)
class Git:
    """The parts of a repository of which `worktree` is a linked work tree."""

    common: str
    own: str  # HEAD and index of the work tree
    fixed: tuple[str, ...]  # files there, and `.git` of the work tree, that say where its repository is
    objects: str  # folder for new objects
    heads: str | None  # folder for the attempt's branch; None: it has none
    logs: str | None  # folder for that branch's log; None: git keeps none
    branches: str  # folder of the branches of attempts, below refs/heads
