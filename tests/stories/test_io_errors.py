"""Any system call of a landing that fails gives one commit all the same, and never a state that is not true.

Outcome unknown means: read again by key, which is the trailer in git and the task's id in the store (D12).
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nightrun.decisions.pausing import INTAKE
from nightrun.flows import api_alone, runner_durable, runner_land
from nightrun.hands import git_settings
from nightrun.words.task import Task
from tests.stories.conftest import Nights
from tests.stories.crash import ERRORS, FAILING, START, Crash, Point, attached, calls_in, has_strace
from tests.story import git_out, write

SEED = 20_261_127
pytestmark = pytest.mark.skipif(not has_strace(), reason="strace cannot make a system call fail here")


@pytest.fixture
def crash(new_night: Nights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crash]:
    # A lock counts as left at once: no other git is at work here.
    monkeypatch.setattr("nightrun.hands.git_leftovers._OLD_S", 0.0)
    night = new_night()
    # Known from the beginning, so that every landing has the same gits.
    monkeypatch.setattr(git_settings, "_SETTLED_S", -1.0)
    git_settings.mark(night.root)
    write(night.root, "README.md", "# mine, uncommitted\n")
    # In a process of its own: a call that fails is the API's then, and not one of the runner that this test is.
    with api_alone.answering(night.root) as client:
        assert night.api_pid() != os.getpid()
        yield Crash(night, client, tmp_path / "crash")


# Which calls are to fail, of all that there are, and with what.
Choose = Callable[[list[Point]], list[tuple[Point, str]]]


class Landings:
    """One landing after the other, each with a call that fails somewhere."""

    def __init__(self, crash: Crash) -> None:
        self.crash = crash
        self.calls, self.met, self.tracebacks = 0, 0, list[str]()

    def one(self, fail: Callable[[Callable[[object], object]], str]) -> None:
        """A landing to which `fail` does something; then what it says is looked at, and what is left is recovered."""
        task, place = self.crash.completed(moved=True)
        said = fail(lambda world: runner_land.land(world, task, place))  # type: ignore[arg-type]
        self.calls += 1
        self.met += self.crash.was_met()
        self.tracebacks += [said] if said else []
        self.is_true(task)
        self.crash.client.resume(INTAKE, by=runner_durable.BY)  # as a person does that looked at the disk
        self.crash.recover()
        self.crash.check(task)

    def is_true(self, task: Task) -> None:
        """Landed is said only of what is on the target, and no attempt is counted as failed."""
        now = self.crash.client.task(task.id)
        assert (now.status, now.failures) == ("completed", 0)
        if now.commit_state == "landed":
            assert now.commit_sha in git_out(self.crash.night.root, "rev-list", "main").splitlines()

    def say(self, where: str) -> None:
        git_out(self.crash.night.root, "fsck", "--connectivity-only")
        # Another task has other objects and an API may answer in other parts: not every call is reached again.
        assert self.met > self.calls / 2, f"{self.met} of {self.calls}"
        # A round of the runner that ends so is logged, and the next one goes on from what is recorded.
        ends = Counter(one.strip().splitlines()[-1].partition(":")[0] for one in self.tracebacks)
        said = f"{self.met} of {self.calls} calls failed, one commit each time"
        print(f"{where}: {said}; rounds ended early: {dict(ends)}")
        assert set(ends) <= {"OSError", "PermissionError"}, "\n".join(self.tracebacks)

    # -- where

    def in_gits(self, choose: Choose) -> None:
        crash = self.crash
        task, place = crash.completed(moved=True)
        points = crash.points(lambda world: runner_land.land(world, task, place), FAILING)
        crash.check(task)
        for point, error in choose([one for one in points if one.call != START]):
            self.one(lambda step, point=point, error=error: crash.failed(step, point, error))  # type: ignore[misc]

    def in_itself(self, choose: Choose) -> None:
        crash = self.crash
        task, place = crash.completed(moved=True)
        points = crash.own_failing_points(lambda world: runner_land.land(world, task, place))
        crash.check(task)
        for point, error in choose(points):
            self.one(lambda step, point=point, error=error: crash.failed_itself(step, point, error))  # type: ignore[misc]

    def in_the_api(self, choose: Choose) -> None:
        crash, trace = self.crash, self.crash.folder / "api-trace"
        pid = crash.night.api_pid()
        task, place = crash.completed(moved=True)
        with attached(pid, "-o", str(trace), "-e", f"trace={FAILING}"):
            runner_land.land(crash.world(), task, place)
        crash.check(task)

        def fail(step: Callable[[object], object], point: Point, error: str) -> str:
            with attached(pid, *crash.failing(point, error)):
                step(crash.world())
            return ""

        for point, error in choose(calls_in(trace, 0)):
            self.one(lambda step, point=point, error=error: fail(step, point, error))  # type: ignore[misc]


WHERE = ("in_gits", "in_itself", "in_the_api")
PLACES = pytest.mark.parametrize("place", WHERE)


def test_some_call_of_a_landing_fails(crash: Crash) -> None:
    chance, landings = random.Random(SEED), Landings(crash)

    def one(points: list[Point]) -> list[tuple[Point, str]]:
        return [(chance.choice([one for one in points if one.call != "openat"] or points), chance.choice(ERRORS))]

    for place in WHERE:
        getattr(landings, place)(one)
    landings.say("here and there")
    assert landings.met > landings.calls / 2


@PLACES
@pytest.mark.soak
@pytest.mark.parametrize("first", range(len(ERRORS)), ids=ERRORS)
def test_every_call_of_a_landing_fails(crash: Crash, place: str, first: int) -> None:
    """The errors take turns, so that three runs give every call each of those that it can meet."""

    def dealt(points: list[Point]) -> list[tuple[Point, str]]:
        pairs = [(point, ERRORS[(first + n) % len(ERRORS)]) for n, point in enumerate(points)]
        return [(point, error) for point, error in pairs if error in point.errors()]

    landings = Landings(crash)
    getattr(landings, place)(dealt)
    landings.say(f"{place}, {ERRORS[first]} first")
    assert landings.met > landings.calls / 2
