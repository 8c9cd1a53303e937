"""What processes that run on have used: CPU and memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import psutil


def by_process(pid: int) -> float:
    """Seconds of CPU of all its threads, and of its children that ended."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    own = _by_threads(pid)
    if own is None:
        own = times.user + times.system
    return own + getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)


def _by_threads(pid: int) -> float | None:
    """To the nanosecond, where Linux tells: the times of a process are cut to hundredths of a second."""
    try:
        each = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((one / "schedstat").read_text().split()[0]) for one in each) / 1e9
    except OSError:
        return None


def by_tree(pid: int) -> float:
    """The same for a process and everything below it."""
    return sum(by_process(one.pid) for one in _tree(pid))


def memory(pid: int) -> tuple[int, int]:
    """Bytes of a process and everything below it: with shared pages divided among those who share them, and not."""
    shared, whole = 0, 0
    for one in _tree(pid):
        found = one.memory_full_info()
        whole += found.rss
        shared += getattr(found, "pss", found.rss)
    return shared, whole


def _tree(pid: int) -> Iterable[psutil.Process]:
    top = psutil.Process(pid)
    return [top, *top.children(recursive=True)]
