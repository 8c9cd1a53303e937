"""On the PYTHONPATH of a run: once the file of $MACHINE_SLEPT is there, the machine has slept for 8 h for every part.

As after a real sleep, the wall clock and the time since boot have gone on, and the monotonic clock has stood still.
"""

import os
import time

SLEPT_S = 8 * 3600.0
_sign, _now, _read = os.environ["MACHINE_SLEPT"], time.time, time.clock_gettime


def _gap() -> float:
    return SLEPT_S if os.path.exists(_sign) else 0.0


def _clock_gettime(kind: int) -> float:
    is_monotonic = kind == time.CLOCK_MONOTONIC
    return _read(kind) + (0.0 if is_monotonic else _gap())


time.time = lambda: _now() + _gap()
time.clock_gettime = _clock_gettime
