"""The command lines of the processes on this machine, by which one finds what hides its parents and its environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_LINUX = sys.platform == "linux"


def of_all() -> dict[int, tuple[str, ...]]:
    """Pid -> arguments of every process but this one; those that may not be looked at are left out."""
    return _from_proc() if _LINUX else _from_psutil()


def _from_proc() -> dict[int, tuple[str, ...]]:
    found = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdecimal() or int(name) == os.getpid():
            continue
        try:
            text = Path(f"/proc/{name}/cmdline").read_bytes()
        except OSError:
            continue
        # That of a zombie is empty.
        if text:
            found[int(name)] = tuple(os.fsdecode(one) for one in text.rstrip(b"\0").split(b"\0"))
    return found


def _from_psutil() -> dict[int, tuple[str, ...]]:
    import psutil  # not needed on Linux

    found = {}
    for one in psutil.process_iter():
        try:
            if one.pid != os.getpid() and one.status() != psutil.STATUS_ZOMBIE:
                found[one.pid] = tuple(one.cmdline())
        except (psutil.Error, OSError):
            continue
    return found
