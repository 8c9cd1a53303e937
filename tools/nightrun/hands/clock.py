"""The only door to the clock and the machine: time, boot, who a process is, free disk."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from nightrun.decisions.room import Disk

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_PID_NAMESPACE = Path("/proc/self/ns/pid")
_START_TICKS_FIELD = 19  # field 22 of /proc/PID/stat, counted after the closing parenthesis of the name (proc(5))
_STATE_FIELD = 0


def now() -> float:
    """Seconds since the epoch, UTC. For display, reports and rows; may jump."""
    return time.time()


def monotonic() -> float:
    """Seconds that never go back and stand still while the machine sleeps."""
    return time.monotonic()


def boottime() -> float:
    """Seconds since boot, time asleep included (reliability.md D10)."""
    # macOS has no CLOCK_BOOTTIME; there CLOCK_MONOTONIC goes on during sleep (clock_gettime(3)).
    kind = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(kind)


def asleep() -> float:
    """Seconds that the machine has slept since its boot; what counts is how much more it is later."""
    return max(0.0, boottime() - monotonic())


def sleep(seconds: float) -> None:
    time.sleep(max(0.0, seconds))


def boot_id() -> str:
    """A text that changes with every boot, and tells apart containers: in two of them a pid names two processes."""
    try:
        return f"{_BOOT_ID.read_text().strip()}/{_PID_NAMESPACE.stat().st_ino}"
    except OSError:
        import psutil  # only where /proc is missing: the import costs more than everything else here

        return f"boot-{int(psutil.boot_time())}"


def process_identity(pid: int) -> tuple[int, float] | None:
    """The pid and when it started, which together name one process; None when it is gone or a zombie."""
    if pid <= 0:
        return None
    start = _start_from_proc(pid) if sys.platform == "linux" else _start_from_psutil(pid)
    return None if start is None else (pid, start)


def is_same_process(pid: int, start_time: float) -> bool:
    """Whether the process with this pid is still the one that started at `start_time` (pids are used again)."""
    found = process_identity(pid)
    return found is not None and abs(found[1] - start_time) < 0.005


def my_identity() -> tuple[int, float]:
    found = process_identity(os.getpid())
    assert found is not None, "a running process always finds itself"
    return found


def disk_free(path: Path) -> int:
    """Bytes an ordinary user may still write on the file system that holds `path`."""
    found = os.statvfs(_existing(path))
    return found.f_bavail * found.f_frsize


def disk_total(path: Path) -> int:
    found = os.statvfs(_existing(path))
    return found.f_blocks * found.f_frsize


def disk(path: Path) -> Disk:
    """All that is asked of a disk, of the file system that holds `path`."""
    found = os.statvfs(_existing(path))
    return Disk(free=disk_free(path), total=disk_total(path), inodes_free=found.f_favail, inodes_total=found.f_files)


def _existing(path: Path) -> Path:
    return next((p for p in (path, *path.parents) if p.exists()), Path("/"))


def _start_from_proc(pid: int) -> float | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[_STATE_FIELD] in (b"Z", b"X"):
        return None
    return int(fields[_START_TICKS_FIELD]) / os.sysconf("SC_CLK_TCK")


def _start_from_psutil(pid: int) -> float | None:
    import psutil  # not needed on Linux

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
