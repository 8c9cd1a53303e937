"""Finds and ends what a process left behind, by session, descent, adoption and marker (reliability.md 1.4)."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from nightrun.hands import clock

MARKER = "NIGHTRUN_ATTEMPT"  # variable that every process of an attempt inherits
POLL_S = 0.02

_LINUX = sys.platform == "linux"
_AFTER_NAME = b") "  # the name in /proc/PID/stat may hold blanks and parentheses (proc(5))
_PARENT, _SESSION, _START = 1, 3, 19  # fields 4, 6 and 22 of /proc/PID/stat, counted after the name


class Row(NamedTuple):
    """One process of the machine. `pid` and `started` together name it: pids are used again."""

    pid: int
    parent: int
    session: int
    started: float  # clock ticks since boot on Linux, seconds since the epoch elsewhere


class Leader(NamedTuple):
    """The process whose survivors are looked for; it leads a session of its own."""

    pid: int
    started: float
    marker: str | None
    children_before: frozenset[int]  # our own children when it started: never survivors of it


def own_children() -> frozenset[int]:
    """The pids of our own children; empty when this system has no cheap answer."""
    return frozenset(_children_of_us() or ())


def leader(pid: int, marker: str | None, children_before: frozenset[int]) -> Leader:
    """To be called right after the start of `pid`, before anybody waited for it.

    `children_before` was asked before that start: a daemon of a program that was quick is a child of ours already.
    """
    row = _row(pid)
    return Leader(pid, row.started if row else 0.0, marker, children_before)


def of(leader: Leader, *, adopts: bool, not_these: Collection[int], known: Iterable[Row] = ()) -> list[Row]:
    """The processes that are left of `leader`, itself not counted.

    `adopts` says that orphans become children of this process (it is a subreaper), `not_these` are children that it
    started itself; `known` are processes seen below the leader earlier, which count while they still are the same.
    """
    ours = leader.children_before.union(not_these, (leader.pid,))
    if adopts and not known and not _has_other_children(ours):
        return []
    rows = _rows()
    by_pid = {row.pid: row for row in rows}
    found = {row.pid for row in rows if row.session == leader.pid and row.started >= leader.started}
    found |= {row.pid for row in known if by_pid.get(row.pid, row).started == row.started and row.pid in by_pid}
    if adopts:
        found |= {row.pid for row in rows if row.parent == os.getpid() and row.pid not in ours}
    if leader.marker is not None:
        late = (row for row in rows if row.started >= leader.started)
        found |= {row.pid for row in late if _marker(row.pid) == leader.marker.encode()}
    found |= _below(found | {leader.pid}, rows)
    return [by_pid[pid] for pid in sorted(found - _ourselves(by_pid) - {leader.pid})]


def family(leader: Leader, *, adopts: bool, not_these: Collection[int]) -> list[Row]:
    """The leader and what belongs to it now: cheaper than `of`, which also finds what hides."""
    rows, ours = _rows(), leader.children_before.union(not_these)
    found = {row.pid for row in rows if row.session == leader.pid and row.started >= leader.started} | {leader.pid}
    if adopts:
        found |= {row.pid for row in rows if row.parent == os.getpid() and row.pid not in ours}
    found |= _below(found, rows)
    return [row for row in rows if row.pid in found]


def below(pid: int) -> list[Row]:
    """Every process that descends from `pid` now."""
    rows = _rows()
    pids = _below({pid}, rows)
    return [row for row in rows if row.pid in pids]


def await_adopted(leader: Leader, not_these: Collection[int], patience_s: float) -> None:
    """Wait for what came to this process as its next parent and is about to end by itself."""
    ours = leader.children_before.union(not_these, (leader.pid,))
    for pid in sorted((_children_of_us() or set()).difference(ours)):
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            continue
        try:
            if select.select([handle], [], [], patience_s)[0]:
                os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            continue
        finally:
            os.close(handle)


def children(pid: int) -> list[int]:
    """The pids of the children of `pid`; Linux only."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for text in lists for child in text.split()]


def marked(prefix: str) -> list[Row]:
    """Every process of this user whose marker starts with `prefix`; never this process or those above it."""
    rows = _rows()
    ourselves = _ourselves({row.pid: row for row in rows})
    wanted = prefix.encode()
    return [row for row in rows if row.pid not in ourselves and (_marker(row.pid) or b"\n").startswith(wanted)]


def rows(pids: Iterable[int]) -> list[Row]:
    """The processes with these pids, as far as there are any."""
    return [row for row in map(_row, pids) if row is not None]


def end(find: Callable[[], list[Row]], *, grace_s: float, give_up_s: float = 5.0) -> list[int]:
    """Ask what `find` finds to end, kill it after `grace_s`, and look again until nothing is found; the pids."""
    met: set[int] = set()
    asked: set[int] = set()
    started = clock.monotonic()
    while rows := find():
        waited = clock.monotonic() - started
        met |= {row.pid for row in rows}
        if waited > grace_s + give_up_s:
            break
        for row in rows:
            if waited >= grace_s:
                _send(row, signal.SIGKILL)
            elif row.pid not in asked:
                asked.add(row.pid)
                _send(row, signal.SIGTERM)
        _reap(rows)
        clock.sleep(POLL_S)
    return sorted(met)


def _send(row: Row, number: signal.Signals) -> None:
    """Signal the process that `row` names, never another one that was given its pid since."""
    if row.pid <= 1:
        return
    try:
        handle = os.pidfd_open(row.pid) if _LINUX else -1
    except OSError:
        handle = -1
    try:
        now = _row(row.pid)
        if now is not None and now.started == row.started:
            _deliver(row.pid, handle, number)
    finally:
        if handle >= 0:
            os.close(handle)


def _deliver(pid: int, handle: int, number: signal.Signals) -> None:
    try:
        if handle >= 0:
            signal.pidfd_send_signal(handle, number)
        else:
            os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass  # it ended by itself, or runs as another user and is not ours to end


def _reap(rows: Iterable[Row]) -> None:
    """Orphans that a subreaper was given stay zombies until it waits for them."""
    for row in rows:
        if row.parent == os.getpid():
            try:
                os.waitpid(row.pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _has_other_children(ours: Collection[int]) -> bool:
    children = _children_of_us()
    return children is None or bool(children.difference(ours))


def _below(pids: set[int], rows: list[Row]) -> set[int]:
    children: dict[int, list[int]] = {}
    for row in rows:
        children.setdefault(row.parent, []).append(row.pid)
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        new = [pid for pid in children.get(waiting.pop(), ()) if pid not in found]
        found.update(new)
        waiting += new
    return found


def _ourselves(rows: dict[int, Row]) -> set[int]:
    """This process and everything above it."""
    found: set[int] = set()
    pid = os.getpid()
    while pid > 0 and pid not in found:
        found.add(pid)
        pid = rows[pid].parent if pid in rows else 0
    return found


def _rows() -> list[Row]:
    if _LINUX:
        pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    else:
        import psutil  # not needed on Linux, and its import costs more than everything here

        pids = psutil.pids()
    return rows(pids)


def _row(pid: int) -> Row | None:
    """None when it is gone or a zombie that is not ours to wait for."""
    return _row_from_proc(pid) if _LINUX else _row_from_psutil(pid)


def _row_from_proc(pid: int) -> Row | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(_AFTER_NAME) + len(_AFTER_NAME) :].split()
    parent = int(fields[_PARENT])
    if fields[0] in (b"Z", b"X") and parent != os.getpid():
        return None
    return Row(pid, parent, int(fields[_SESSION]), float(fields[_START]))


def _row_from_psutil(pid: int) -> Row | None:
    import psutil  # not needed on Linux

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE and process.ppid() != os.getpid():
            return None
        return Row(pid, process.ppid(), os.getsid(pid), process.create_time())
    except (psutil.Error, OSError):
        return None


def _marker(pid: int) -> bytes | None:
    """The value of the marker in the environment the process was started with; None when it has none."""
    if not _LINUX:
        return _marker_from_psutil(pid)
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return None
    wanted = MARKER.encode() + b"="
    return next((part[len(wanted) :] for part in environment.split(b"\0") if part.startswith(wanted)), None)


def _marker_from_psutil(pid: int) -> bytes | None:
    import psutil  # not needed on Linux

    try:
        value = psutil.Process(pid).environ().get(MARKER)
    except (psutil.Error, OSError):
        return None
    return None if value is None else os.fsencode(value)


def _children_of_us() -> set[int] | None:
    """The pids of our children; None when this system has no cheap answer."""
    try:
        lists = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    except OSError:
        return None
    return {int(pid) for text in lists for pid in text.split()} if lists else None
