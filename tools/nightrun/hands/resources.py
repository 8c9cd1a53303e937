"""What a program and everything that it started use of the machine; the kernel is told whom to end first."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nightrun.hands import clock
from nightrun.hands.survivors import Row

Over = Literal["memory", "processes"]

LOOK_S = 0.5  # between two looks at all processes
FREE_SHARE = 0.75  # of the free memory may be used where the policy sets no number
THREADS_EACH = 8  # of a process, where the kernel counts threads (getrlimit(2))

_LINUX = sys.platform == "linux"
_EXPENDABLE = b"500"  # of at most 1000: the kernel ends such a process before a person's and ours (proc(5))
_THREADS_FIELD = 17  # field 20 of /proc/PID/stat, counted after the name


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Of a program and all below it, taken together; None: no bound."""

    memory: int | None = None  # bytes
    processes: int | None = None


def free_memory() -> int:
    """Bytes that programs can get without swapping."""
    if _LINUX:
        with suppress(OSError, StopIteration, ValueError):
            lines = Path("/proc/meminfo").read_text().splitlines()
            return int(next(line.split()[1] for line in lines if line.startswith("MemAvailable:"))) << 10
    import psutil  # not needed on Linux, where the kernel tells it

    return int(psutil.virtual_memory().available)


def prepare(pid: int, bounds: Bounds) -> None:
    """What the kernel can do for us, right after the start: never a reason not to work."""
    if not _LINUX:
        return
    with suppress(OSError):
        Path(f"/proc/{pid}/oom_score_adj").write_bytes(_EXPENDABLE)
    if bounds.processes is not None and os.geteuid() != 0:  # it does not bind root
        import resource  # kept from all that starts no agent

        most = _threads_of_user() + bounds.processes * THREADS_EACH
        with suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_NPROC, (most, most))


class Watch:
    """`family` finds the processes that count."""

    def __init__(self, bounds: Bounds, family: Callable[[], Iterable[Row]]) -> None:
        self._bounds, self._family = bounds, family
        self._looked = clock.monotonic()

    def over(self) -> Over | None:
        """Which bound is exceeded; looked at now and then only."""
        none = self._bounds.memory is None and self._bounds.processes is None
        if none or clock.monotonic() - self._looked < LOOK_S:
            return None
        pids = [row.pid for row in self._family()]
        self._looked = clock.monotonic()
        if self._bounds.processes is not None and len(pids) > self._bounds.processes:
            return "processes"
        return "memory" if self._bounds.memory is not None and _uses_more(pids, self._bounds.memory) else None


def _uses_more(pids: list[int], most: int) -> bool:
    """What several of them share is counted once; that is asked only when it could make a difference."""
    return sum(map(_resident, pids)) > most and sum(map(_own_share, pids)) > most


def _resident(pid: int) -> int:
    if not _LINUX:
        return _resident_from_psutil(pid)
    try:
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def _own_share(pid: int) -> int:
    """Its proportional set size; what it has in memory where that is not told."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        return int(next(line.split()[1] for line in text.splitlines() if line.startswith("Pss:"))) << 10
    except (OSError, StopIteration, ValueError):
        return _resident(pid)


def _resident_from_psutil(pid: int) -> int:
    import psutil  # not needed on Linux

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def _threads_of_user() -> int:
    return sum(_threads(Path("/proc") / name) for name in os.listdir("/proc") if name.isdecimal())  # noqa: PTH208


def _threads(folder: Path) -> int:
    with suppress(OSError, IndexError, ValueError):
        if folder.stat().st_uid == os.geteuid():
            return int((folder / "stat").read_bytes().rpartition(b") ")[2].split()[_THREADS_FIELD])
    return 0
