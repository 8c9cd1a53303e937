"""A disk whose power can be cut: an ext4 file system in a file, since no power cut can be had (reliability.md 3.2).

The file holds exactly what the block device had been given, so a copy of it, made while nothing runs, is the disk as
the machine finds it after the cut; mounting the copy replays its journal.
"""

from __future__ import annotations

import functools
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from nightrun.hands.client import Client
from nightrun.words.task import Task
from tests.story import git_out

SIZE = 128 << 20  # bytes
MEMORY = Path("/dev/shm")


def call(*argv: str | Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(one) for one in argv], capture_output=True, text=True, timeout=60)
    assert not ok or done.returncode == 0, f"{argv}: {done.stderr}"
    return done


@functools.cache
def cannot() -> str | None:
    """Why no disk can be made here; None when it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "mounting a file system needs root"
    if missing := [one for one in ("mkfs.ext4", "mount", "umount", "unshare") if shutil.which(one) is None]:
        return f"there is no {', '.join(missing)} here"
    with tempfile.TemporaryDirectory() as folder:
        disk = Disk(Path(folder) / "disk", Path(folder))
        try:
            disk.make()
        except AssertionError as error:
            return f"no file system in a file can be mounted here: {error}"
        disk.unmount()
    return None


@dataclass
class Disk:
    """Mounted at `path`; the images lie in `folder`."""

    path: Path
    folder: Path
    copies: int = 0

    def make(self) -> None:
        self.path.mkdir()
        with self.image.open("wb") as file:
            file.truncate(SIZE)
        # All of it now: nothing may write in the background while a copy is made.
        call("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", self.image)
        self.mount(self.image)

    @property
    def image(self) -> Path:
        return self.folder / "disk.img"

    def mount(self, image: Path) -> None:
        call("mount", "-o", "loop", image, self.path)

    def unmount(self) -> None:
        """Also when something that was killed has not let go of it yet."""
        end = time.monotonic() + 10
        while os.path.ismount(self.path):
            if call("umount", self.path, ok=False).returncode != 0:
                if time.monotonic() > end:
                    call("umount", "-l", self.path)
                time.sleep(0.05)

    def cut(self) -> Path:
        """The disk as it is now. The kernel writes on its own, so a copy counts that nothing was written during."""
        self.copies += 1
        copy = self.folder / f"cut{self.copies}.img"
        for _ in range(50):
            before = self._written()
            call("cp", "--sparse=always", self.image, copy)
            if self._written() == before:
                return copy
        raise AssertionError("the disk was written to all the time")

    def _written(self) -> int:
        return self.image.stat().st_mtime_ns


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """In memory where there is room: what counts is what the device was given, not where that lies."""
    where = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 16 * SIZE else folder
    with tempfile.TemporaryDirectory(dir=where, prefix="nightrun-disk-") as images:
        made = Disk(folder / "disk", Path(images))
        try:
            made.make()
            yield made
        finally:
            made.unmount()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process and everything below it stands still."""
    held: dict[int, psutil.Process] = {}
    while found := [one for one in _family(pid) if one.pid not in held]:
        for one in found:
            held[one.pid] = one
            _send(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in held.values():
            _send(one, signal.SIGCONT)


def _family(pid: int) -> list[psutil.Process]:
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _send(one: psutil.Process, number: signal.Signals) -> None:
    try:
        one.send_signal(number)
    except psutil.NoSuchProcess:
        pass


def kill(pid: int) -> None:
    with stopped(pid):
        for one in reversed(_family(pid)):
            _send(one, signal.SIGKILL)


def other_boot(folder: Path) -> list[str]:
    """What to put before a command so that it finds another boot id, and a boot just now, as after every power cut."""
    name = folder / f"boot-{uuid.uuid4()}"
    name.write_text(f"{uuid.uuid4()}\n")
    shadow = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
    since = int(time.clock_gettime(time.CLOCK_BOOTTIME)) - 1
    spaces = ["--mount", "--propagation", "private", "--time", "--boottime", f"-{since}", "--fork"]
    return ["unshare", *spaces, "sh", "-c", shadow, str(name)]


# -- what was acknowledged, and whether it is there


@dataclass
class Told:
    """What the API answered so far: which tasks there are, and the commit of each that has landed."""

    added: set[str] = field(default_factory=set)
    landed: dict[str, str] = field(default_factory=dict)

    def hear(self, tasks: list[Task]) -> None:
        self.landed |= {one.id: one.commit_sha or "" for one in tasks if one.commit_state == "landed"}

    def add(self, client: Client, direction: str) -> None:
        self.added.add(client.add_task(direction, "impl").id)

    def copy(self) -> Told:
        return Told(set(self.added), dict(self.landed))


@dataclass
class Figures:
    cuts: int = 0
    added: int = 0
    landed: int = 0
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)

    def look(self, root: Path, told: Told) -> None:
        """At a disk after a cut, before anything of nightrun has seen it."""
        self.cuts += 1
        self.added += len(told.added)
        self.landed += len(told.landed)
        self.corrupt += _broken_git(root)
        rows, wrong = _rows(root / ".pipeline/pipeline.db")
        self.corrupt += wrong
        self.lost += [f"task {one} is not in the store" for one in sorted(told.added - rows.keys())]
        there = set(git_out(root, "rev-list", "main").splitlines())
        for one, sha in told.landed.items():
            if rows.get(one) != ("completed", "landed", sha):
                self.lost.append(f"task {one} landed, and its row says {rows.get(one)}")
            if sha not in there:
                self.lost.append(f"commit {sha} of task {one} is not reachable")

    def say(self) -> None:
        print(
            f"power cuts: {self.cuts}, acknowledged: {self.added} added and {self.landed} landed, "
            f"lost: {len(self.lost)}, corrupt: {len(self.corrupt)}"
        )


def _broken_git(root: Path) -> list[str]:
    done = subprocess.run(["git", "fsck", "--full", "--no-dangling"], cwd=root, capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if line.startswith(("error", "fatal", "missing", "broken"))]
    return [f"git fsck: {done.returncode} {line}" for line in said or [""] * bool(done.returncode)]


def _rows(path: Path) -> tuple[dict[str, tuple[str, str, str]], list[str]]:
    connection = sqlite3.connect(path)
    try:
        answer = connection.execute("PRAGMA integrity_check").fetchone()[0]
        rows = connection.execute("SELECT id, status, commit_state, commit_sha FROM tasks").fetchall()
    except sqlite3.DatabaseError as error:
        return {}, [f"database: {error}"]
    finally:
        connection.close()
    return {row[0]: tuple(row[1:]) for row in rows}, [] if answer == "ok" else [f"database: {answer}"]
