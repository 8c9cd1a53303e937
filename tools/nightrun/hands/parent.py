"""A part ends with the supervisor that started it, however that ended (reliability.md S10)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from nightrun.hands import clock

VARIABLE = "NIGHTRUN_PARENT"  # pid of the supervisor, in the environment of its parts
CHECK_S = 1.0


def watch(on_gone: Callable[[], None] | None = None, *, check_s: float = CHECK_S) -> bool:
    """Call `on_gone` (default: end this process by SIGTERM) once the parent has ended; False when there is none.

    The pid comes from the parent itself: a process that asked for its own parent too late would be told that of init.
    """
    parent = os.environ.get(VARIABLE, "")
    if not parent.isdecimal():
        return False
    gone = on_gone or (lambda: os.kill(os.getpid(), signal.SIGTERM))
    threading.Thread(target=_wait, args=(int(parent), gone, check_s), name="parent", daemon=True).start()
    return True


def _wait(parent: int, on_gone: Callable[[], None], check_s: float) -> None:
    while os.getppid() == parent:
        clock.sleep(check_s)
    on_gone()
