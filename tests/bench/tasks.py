"""Rows of one whole task, from one claim to the next, against a shell loop that does the same steps of git."""

from __future__ import annotations

import itertools
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from nightrun.words.task import Task
from tests.bench import history, turns
from tests.bench.row import Bench, Family, Measured, Result, Row
from tests.bench.turns import Cost
from tests.stories.night import Night, script, wait_until
from tests.story import git_out

BLOCK = 8  # tasks in one turn
OLD = 10_000
FLOOR = "a shell loop of worktree add, write, commit, merge --ff-only, worktree remove, as durable"
LOOP = """\
set -e
for n in $(seq "$1"); do
    git worktree add -q -b "loop/$2.$n" "../loop" main
    cd ../loop
    echo "$2.$n" >written.txt
    git add -A
    git -c core.fsync=all commit -q -m "[pipeline] impl $2.$n: write one file"
    cd "$OLDPWD"
    git -c core.fsync=all merge -q --ff-only "loop/$2.$n"
    git worktree remove ../loop
    git branch -q -d "loop/$2.$n"
done
"""
ROWS = (
    Row(name="task", what="one whole task: an agent that writes one file, gate `true`; p50", floor=FLOOR, goal=1.5),
    Row(name="task-10000", what="the same after 10,000 tasks and their commits", floor=FLOOR, goal=1.5),
    Row(name="task-flat", what="task 10,000", floor="task 1", goal=1.5),
)
# The monitor at its usual pace; nothing comes from the backlog.
SANDBOX = "off"
POLICY = {"workspace": {"sandbox": SANDBOX}, "monitor": {"interval": "60s"}, "backlog": {"files": [], "meta": None}}


class Place:
    """A run with one runner that waits for work, and a copy of its repository for the loop."""

    def __init__(self, night: Night, copy: Path) -> None:
        self.night = night
        self._copy = copy
        self.client = night.ready()
        self._numbers = itertools.count(1)

    def tasks(self) -> Cost:
        """The p50 of a task in a block of tasks that are ready when the first one is claimed."""
        self.client.pause("intake", "the bench")
        added = [self._add() for _ in range(BLOCK)]
        self.client.resume("intake")
        wait_until(lambda: self._all_landed(added), lambda: f"all have landed\n{self.night.said()}", 60.0)
        begun = [self._at(task, "claimed") for task in added]
        ended = [*begun[1:], self._at(added[-1], "landed")]
        wall = statistics.median(end - begin for begin, end in zip(begun, ended, strict=True))
        return Cost(wall, 0.0)

    def _add(self) -> Task:
        return self.client.add_task(script(f"echo task-{next(self._numbers)} >written.txt", "Write one file"), "impl")

    def _all_landed(self, added: list[Task]) -> bool:
        time.sleep(0.05)  # asking costs the API time that is measured
        return self.client.task(added[-1].id).commit_state == "landed"

    def _at(self, task: Task, kind: str) -> float:
        return next(float(one["at"]) for one in self.client.events(task.id) if one["kind"] == kind)

    def loop(self) -> Cost:
        argv = ["sh", "-c", LOOP, "sh", str(BLOCK), str(next(self._numbers))]
        whole = turns.of_process(argv, cwd=self._copy)
        return Cost(whole.wall / BLOCK, whole.cpu / BLOCK)


def measure(bench: Bench, wanted: frozenset[str]) -> Measured:
    with ExitStack() as stack:
        young = stack.enter_context(_running(bench, "young", 0))
        ways = {"young": young.tasks, "young floor": young.loop}
        if wanted - {"task"}:
            old = stack.enter_context(_running(bench, "old", OLD))
            ways |= {"old": old.tasks, "old floor": old.loop}
        taken = turns.take(ways, bench.rounds(12, 4), warm_up=1)
    pairs = {"task": ("young", "young floor"), "task-10000": ("old", "old floor"), "task-flat": ("old", "young")}
    return {name: _result(taken, *pairs[name]) for name in wanted}


@contextmanager
def _running(bench: Bench, name: str, tasks: int) -> Iterator[Place]:
    night = Night(bench.new(name), POLICY)
    hooks.install(night.root, HookValues())
    if tasks:
        _commits(night.root, tasks)
        history.fill(night.root, tasks)
    copy = night.root.with_name("copy") / name
    shutil.copytree(night.root, copy, symlinks=True)
    try:
        night.start()
        yield Place(night, copy)
        night.stop()
    finally:
        night.close()


def _commits(root: Path, many: int) -> None:
    """As many tasks have left them on the branch."""
    subprocess.run(["git", "fast-import", "--quiet"], cwd=root, input=b"".join(_stream(many)), check=True)
    git_out(root, "reset", "-q", "--hard", "main")


def _stream(many: int) -> Iterator[bytes]:
    for number in range(many):
        task = f"0{number + 1:010d}"
        trailers = f"Pipeline-Task: {task}\nPipeline-Attempt: 1\nPipeline-Agent: script"
        message = f"[pipeline] impl {task}: write one file\n\nWrite one file\n\n{trailers}\n"
        head = f"commit refs/heads/main\ncommitter Bench <bench@example.invalid> {1_700_000_000 + number} +0000\n"
        parent = "from refs/heads/main^0\n" if number == 0 else ""
        yield f"{head}data {len(message)}\n{message}{parent}".encode()
        yield f"M 644 inline written.txt\ndata {len(str(number))}\n{number}\n".encode()


def _result(taken: turns.Turns, name: str, floor: str) -> Result:
    mine, other = (1000 * turns.median(taken, one, "wall") for one in (name, floor))
    detail = (
        f"wall: {mine:.0f} ms to {other:.0f} ms; {len(taken[floor])} rounds of {BLOCK}; workspace.sandbox: {SANDBOX}"
    )
    return Result(turns.ratio(taken, name, floor, "wall"), detail)


FAMILY = Family(ROWS, measure)
