"""Ask a run to end in order, and wait until it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from nightrun.hands import clock, state_file
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import NightrunError

LIMIT_S = 50.0  # a stop takes at most 45 s (DESIGN section 6), and the supervisor looks once in a while only
SAY_S = 10.0
LOOK_S = 0.05


def stop(root: Path, say: Callable[[str], None]) -> float | None:
    """How many seconds it took; None when nothing runs."""
    state = StateDir(root)
    run = state_file.read_object(state.run_json)
    who = _process(run)
    if who is None or not clock.is_same_process(*who):
        return None
    state.stop_requested.touch()
    say(f"stopping nightrun (pid {who[0]}); what runs is ended in order and goes back to the queue")
    begun = said = clock.monotonic()
    while clock.is_same_process(*who):
        now = clock.monotonic()
        if now - begun > LIMIT_S:
            raise NightrunError(
                f"The run (pid {who[0]}) has not ended within {now - begun:.0f} s.",
                f"It says why in {state.log('supervisor')}; ask again, or end it at once: kill -9 {who[0]}",
            )
        if now - said > SAY_S:
            said = now
            say(f"still stopping after {now - begun:.0f} s")
        clock.sleep(LOOK_S)
    return clock.monotonic() - begun


def _process(run: dict[str, object]) -> tuple[int, float] | None:
    pid, start_time = run.get("pid"), run.get("start_time")
    return (pid, float(start_time)) if isinstance(pid, int) and isinstance(start_time, (int, float)) else None
