"""Rows of a whole run: what it costs while nothing happens, how soon it begins, and how well four runners share."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nightrun.hands import sandbox
from nightrun.hands.client import Client
from tests.bench import used
from tests.bench.row import Bench, Family, Measured, Result, Row
from tests.bench.tasks import POLICY
from tests.stories.night import Night, all_tasks, script, wait_until

CHECKOUT = Path(__file__).parents[2]
BEGIN_GOAL, BEGINS = 3.0, 12
SETTLE_S = 12.0  # parts look around after their start
RUNNERS, TASKS, SLEEP_S = 4, 40, 5.0
ROWS = (
    Row(name="idle-cpu", what="whole pipeline idle, one runner", floor="nothing", goal=0.5, unit="% of a core"),
    Row(name="idle-memory", what="whole pipeline idle, one runner", floor="nothing", goal=150, unit="MB"),
    Row(
        name="first-agent",
        what="from `make autonomous` (set up) to the first agent started",
        floor="nothing",
        goal=2,
        unit="s",
    ),
    Row(
        name="four-runners",
        what=f"{RUNNERS} runners, {TASKS} tasks whose agents sleep {SLEEP_S:g} s, first claim to last landing",
        floor=f"{TASKS} x {SLEEP_S:g} s / {RUNNERS}",
        goal=1.15,
    ),
    Row(
        name="four-runners-sandbox",
        what="the same in the sandbox, as shipped",
        floor=f"{TASKS} x {SLEEP_S:g} s / {RUNNERS}",
        goal=1.15,
    ),
    Row(
        name="begin-sandbox",
        what="from the claim to the agent's first act in the sandbox, as shipped; p50",
        floor="the same without a sandbox",
        goal=BEGIN_GOAL,
    ),
)


def measure(bench: Bench, wanted: frozenset[str]) -> Measured:
    found: dict[str, Result] = {}
    if wanted & {"idle-cpu", "idle-memory"}:
        found |= _idle(bench)
    if "first-agent" in wanted:
        found["first-agent"] = _first_agent(bench)
    if "four-runners" in wanted and not bench.quick:
        found["four-runners"] = _four_runners(bench)
    if sandbox.look().program is None:
        return found
    if "four-runners-sandbox" in wanted and not bench.quick:
        found["four-runners-sandbox"] = _four_runners(bench, in_sandbox=True)
    if "begin-sandbox" in wanted:
        found["begin-sandbox"] = _begins(bench)
    return found


def _idle(bench: Bench) -> Measured:
    night = Night(bench.new("idle"), POLICY)
    seconds = bench.rounds(60, 20)
    try:
        pid = night.start().pid
        night.ready()
        time.sleep(SETTLE_S)
        before, begun = used.by_tree(pid), time.monotonic()
        time.sleep(seconds)
        share = (used.by_tree(pid) - before) / (time.monotonic() - begun)
        divided, whole = used.memory(pid)
        night.stop()
    finally:
        night.close()
    detail = f"sum of all parts over {seconds} s, short processes included"
    return {
        "idle-cpu": Result(100 * share, detail),
        "idle-memory": Result(divided / 1e6, f"shared pages counted once (PSS); RSS added up: {whole / 1e6:.0f} MB"),
    }


def _first_agent(bench: Bench) -> Result:
    taken = [_one_start(bench) for _ in range(bench.rounds(7, 3))]
    detail = f"one task waits in the queue; {min(taken):.2f} to {max(taken):.2f} s, {len(taken)} starts"
    return Result(statistics.median(taken), detail)


def _one_start(bench: Bench) -> float:
    night = Night(bench.new("start"), POLICY)
    stamp = night.root.with_name("began")
    with night.api() as client:
        client.add_task(script(f"touch {stamp}; echo done >done.txt"), "impl")
    argv = ["make", "-s", "-C", str(CHECKOUT), "autonomous", f"REPO={night.root}"]
    quiet = subprocess.DEVNULL
    begun = time.perf_counter()
    made = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        while not stamp.exists():
            assert made.poll() is None and time.perf_counter() - begun < 60, night.said()
            time.sleep(0.002)
        return time.perf_counter() - begun
    finally:
        if made.poll() is None:
            os.killpg(made.pid, signal.SIGTERM)
            made.wait()
        night.close()


def _four_runners(bench: Bench, *, in_sandbox: bool = False) -> Result:
    night = _night(bench, "four", in_sandbox=in_sandbox)
    with night.api() as client:
        for number in range(TASKS):
            client.add_task(script(f"sleep {SLEEP_S:g}\necho {number} >file-{number}.txt"), "impl")
    try:
        night.start("--runners", str(RUNNERS))
        client = night.ready()
        wait_until(lambda: _all_landed(client), lambda: f"all have landed\n{night.said()}", 240.0)
        times = [one for task in all_tasks(client) for one in client.events(task.id)]
        night.stop()
    finally:
        night.close()
    begun = min(one["at"] for one in times if one["kind"] == "claimed")
    wall = max(one["at"] for one in times if one["kind"] == "landed") - begun
    ideal = TASKS * SLEEP_S / RUNNERS
    return Result(wall / ideal, f"{wall:.1f} s to {ideal:g} s; one round")


def _night(bench: Bench, name: str, *, in_sandbox: bool) -> Night:
    """The bench's policy has the sandbox off."""
    more = {key: value for key, value in POLICY.items() if key != "workspace"} if in_sandbox else POLICY
    return Night(bench.new(name), more, in_sandbox=in_sandbox)


def _begins(bench: Bench) -> Result:
    """Two runs beside each other that take turns: one task here, one there."""
    with ExitStack() as stack:
        waits = [stack.enter_context(_waiting(bench, in_sandbox=in_sandbox)) for in_sandbox in (False, True)]
        taken = [[_one_begin(night, number) for night in waits] for number in range(bench.rounds(BEGINS, 4) + 1)][1:]
    without, within = (1000 * statistics.median(one[at] for one in taken) for at in (0, 1))
    detail = f"{within:.0f} ms to {without:.0f} ms; {len(taken)} tasks each, in turns; the first of each not counted"
    return Result(statistics.median(one[1] / one[0] for one in taken), detail)


@contextmanager
def _waiting(bench: Bench, *, in_sandbox: bool) -> Iterator[Night]:
    night = _night(bench, "begin", in_sandbox=in_sandbox)
    try:
        night.start()
        night.ready()
        yield night
        night.stop()
    finally:
        night.close()


def _one_begin(night: Night, number: int) -> float:
    stamp = night.root.with_name(f"began-{number}")
    words = f"date +%s.%N >'{stamp}'; echo {number} >written.txt"
    task = night.client.add_task(script(words), "impl")
    wait_until(lambda: night.client.task(task.id).commit_state == "landed", lambda: f"landed\n{night.said()}", 60.0)
    claimed = next(float(one["at"]) for one in night.client.events(task.id) if one["kind"] == "claimed")
    return float(stamp.read_text()) - claimed


def _all_landed(client: Client) -> bool:
    time.sleep(0.5)
    return int(client.snapshot()["commit_states"].get("landed", 0)) == TASKS


FAMILY = Family(ROWS, measure)
