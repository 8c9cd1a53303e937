"""What is alive of an agent after each way to end it: four kinds of children, with and without a sandbox.

reliability.md 1.4 has the same for the bare techniques.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nightrun.hands import marker, sandbox, survivors
from tests.stories.night import Night, script, wait_until

Make = Callable[..., Night]  # as the fixture new_night: policy, name, in_sandbox

KINDS = {
    "plain": "sleep 600 & : >'{}'; exec sleep 600",
    "ignores TERM": "trap '' TERM INT HUP; sleep 600 & : >'{}'; while :; do sleep 0.2; done",
    "setsid": "setsid sleep 600 & : >'{}'; exec sleep 600",
    "double fork": "(setsid sh -c 'trap \"\" TERM; sleep 600 & wait' </dev/null &) ; : >'{}'; exec sleep 600",
}
BOTH = "kill -9 of both"
ENDS = ("stop", "timeout", "kill -9 of the runners", "kill -9 of the supervisor", BOTH)
LONG_S = 90.0


@dataclass(frozen=True)
class Row:
    """How many processes of each kind were left when whoever was to end them had done so, and after the next start."""

    end: str
    boxed: bool
    left: dict[str, int]
    later: int
    seconds: float  # until nothing was left, or until it was clear that something stays

    def line(self) -> str:
        cells = [self.end, "yes" if self.boxed else "no", *(str(self.left[kind]) for kind in KINDS), str(self.later)]
        return f"| {' | '.join(cells)} | {self.seconds:.1f} |\n"


def begin(new_night: Make, end: str, *, boxed: bool) -> tuple[Night, dict[str, str]]:
    """A run in which all four are at work; the marks of their processes."""
    policy = {
        "limits": {"attempts": 1 if end == "timeout" else 3, "backoff": ["200ms"]},
        "task_types": {"impl": {"timeout": "6s" if end == "timeout" else "10m"}},
    }
    night = new_night(policy, in_sandbox=boxed)
    marks = {kind: night.root.parent / f"mark{number}" for number, kind in enumerate(KINDS)}
    with night.api() as client:
        tasks = {kind: client.add_task(direction(kind, marks[kind]), "impl").id for kind in KINDS}
    night.start("--runners", str(len(KINDS)))
    wait_until(lambda: all(one.exists() for one in marks.values()), lambda: f"all agents work\n{night.said()}", LONG_S)
    return night, {kind: marker.of_attempt(night.root, task, 1) for kind, task in tasks.items()}


def direction(kind: str, mark: Path) -> str:
    """The second attempt is quick."""
    return script(f'if [ "$PIPELINE_ATTEMPT" = 1 ]; then {KINDS[kind].format(mark)}; fi\necho x >work.txt', kind)


def count(marks: dict[str, str]) -> dict[str, int]:
    return {kind: len(survivors.marked(mark)) for kind, mark in marks.items()}


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def runners(night: Night) -> list[int]:
    return [night.pids(f"runner-{number}") for number in range(1, len(KINDS) + 1)]


def ended(night: Night, end: str, marks: dict[str, str]) -> None:
    """Make the end come; back when whoever had to end the agents has, or is dead."""
    assert night.run is not None
    if end == "stop":
        night.stop()
    elif end == "timeout":
        client = night.client
        wait_until(
            lambda: len(client.tasks(status="failed")[0]) == len(KINDS), lambda: f"all failed\n{night.said()}", LONG_S
        )
    elif end == "kill -9 of the runners":
        kill(*runners(night))
    elif end == BOTH:
        kill(night.run.pid, *runners(night))
    else:
        parts = runners(night)
        kill(night.run.pid)
        wait_until(lambda: not survivors.rows(parts), "the runners end without their supervisor", LONG_S)


def measure(new_night: Make, end: str, *, boxed: bool) -> Row:
    night, marks = begin(new_night, end, boxed=boxed)
    assert all(count(marks).values())
    started = time.monotonic()
    ended(night, end, marks)
    # A runner that the supervisor starts again after a second would sweep.
    left = settled(marks, 0.7 if "runners" in end else 2.0)
    seconds = time.monotonic() - started
    if night.run is not None and night.run.poll() is None and end != "timeout":
        wait_until(lambda: not any(count(marks).values()), lambda: f"the next runner sweeps\n{night.said()}", LONG_S)
        night.stop()
    elif end != "timeout":
        night.until_idle(seconds=LONG_S)
    return Row(end, boxed, left, sum(count(marks).values()), seconds)


def settled(marks: dict[str, str], patience_s: float) -> dict[str, int]:
    over = time.monotonic() + patience_s
    while any((left := count(marks)).values()) and time.monotonic() < over:
        time.sleep(0.02)
    return left


# -- the table

TEXT = """\
## Who survives

Four agents, each with a child of another kind, are at work in four runners; then comes the end of the first column. How
many processes of each were alive when whoever had to end them had done so (within two seconds where that is nobody any
more), and how many after the next start. A daemon that forks twice, or takes a session of its own, is in no process
group that could be signalled.

"""


def all_of(new_night: Make) -> Iterator[Row]:
    modes = (True, False) if sandbox.look().program is not None else (False,)
    for number, (boxed, end) in enumerate((boxed, end) for boxed in modes for end in ENDS):

        def fresh(policy: dict[str, object], *, in_sandbox: bool, name: str = f"kill{number}/repo") -> Night:
            return new_night(policy, name, in_sandbox=in_sandbox)

        yield measure(fresh, end, boxed=boxed)


def told(rows: Sequence[Row]) -> str:
    head = f"| end | in the sandbox | {' | '.join(KINDS)} | after the next start | seconds |\n"
    return f"{TEXT}{head}|{'---|' * (len(KINDS) + 4)}\n" + "".join(row.line() for row in rows)


def check(rows: Sequence[Row]) -> None:
    for row in rows:
        assert row.later == 0, row
        if row.boxed:
            assert not any(row.left.values()), row
    orderly = [row for row in rows if row.end in ("stop", "timeout", "kill -9 of the supervisor")]
    assert not any(sum(row.left.values()) for row in orderly)
    # Without a sandbox all four stay when those that watch them are dead: it is the next start that ends them.
    assert all(all(row.left.values()) for row in rows if row.end == BOTH and not row.boxed)
