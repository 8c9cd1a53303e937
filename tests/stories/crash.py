"""Steps of a runner that are killed at a chosen system call: in a git that they run, or in themselves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from nightrun.flows import runner_land, runner_recover, runner_workspace, runner_world
from nightrun.flows.runner_workspace import Place
from nightrun.flows.runner_world import World
from nightrun.hands import clock, git_change, process
from nightrun.hands.client import Client
from nightrun.words import task as words
from nightrun.words.task import Task
from tests.stories.night import Night
from tests.story import git_out, write

# Calls that change what is on disk, or tell the API something. Killed before the call, so all that came before is done.
CALLS = "rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir,ftruncate,fsync"
IN_GIT = f"{CALLS},write"
IN_PYTHON = f"{CALLS},sendto,recvfrom"
# What may fail without anybody being killed: every one of them with each of these errors.
FAILING = (
    "openat,write,pwrite64,fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,"
    "ftruncate"
)
ERRORS = ("EIO", "ENOSPC", "EDQUOT")
KILL = "signal=SIGKILL"
GIT = """#!/bin/sh
read -r n <"$CRASH/count"
n=$((n + 1))
echo "$n" >"$CRASH/count"
[ "$CRASH_GIT" = 0 ] && exec strace -qqq -o "$CRASH/trace.$n" -e trace="$CRASH_TRACED" {git} "$@"
[ "$n" = "$CRASH_GIT" ] || exec {git} "$@"
[ "$CRASH_CALL" = start ] && kill -9 $$
inject="$CRASH_CALL":"$CRASH_ACTION":when="$CRASH_NTH"
exec strace -qqq -o "$CRASH/failed" -e trace="$CRASH_CALL" -e inject="$inject" {git} "$@"
"""
START = "start"  # the moment before a git does anything


def has_strace() -> bool:
    """And whether it may and can do what is asked of it here."""
    if shutil.which("strace") is None:
        return False
    tried = ["strace", "-qqq", "-o", "/dev/null", "-e", "inject=exit_group:signal=SIGKILL", "true"]
    return subprocess.run(tried, capture_output=True).returncode == -signal.SIGKILL


class Point(NamedTuple):
    """A system call at which a step is killed: the nth one of its name, in the git of this number (0: in itself)."""

    git: int
    call: str
    nth: int
    reads: bool = False  # it opens something that is there, and only to read it

    def errors(self) -> tuple[str, ...]:
        """That it can meet: nobody needs room to read (open(2))."""
        return ERRORS[:1] if self.reads else ERRORS


@contextmanager
def attached(pid: int, *flags: str) -> Iterator[None]:
    """strace watches a process that runs already, and lets go of it afterwards."""
    watcher = subprocess.Popen(["strace", *flags, "-p", str(pid)], stderr=subprocess.PIPE, text=True)
    assert watcher.stderr is not None
    said = watcher.stderr.readline()
    assert "attached" in said, said
    try:
        yield
    finally:
        watcher.send_signal(signal.SIGINT)
        watcher.stderr.read()
        watcher.wait(30)
        watcher.stderr.close()


def calls_in(trace: Path, git: int) -> list[Point]:
    seen: Counter[str] = Counter()
    points = []
    for line in trace.read_text(errors="replace").splitlines():
        name = line.partition("(")[0]
        if name.isidentifier():
            seen[name] += 1
            reads = name == "openat" and "O_RDONLY" in line and "O_CREAT" not in line
            points.append(Point(git, name, seen[name], reads))
    return points


class Beside:
    """What a landing does beside telling the API comes before that, so that strace sees its calls as well."""

    def __init__(self, workers: int) -> None:
        assert workers == 1

    def __enter__(self) -> Beside:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def submit(self, call: Callable[..., object], *args: object) -> None:
        call(*args)


Step = Callable[[World], object]


@dataclass
class Crash:
    """A repository in which tasks are brought to the door of landing one after the other."""

    night: Night
    client: Client
    folder: Path
    number: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir()
        real = shutil.which("git")
        assert real is not None
        (self.folder / "git").write_text(GIT.format(git=real))
        (self.folder / "git").chmod(0o755)

    def world(self) -> World:
        """Of a run that began on main, whatever is checked out since."""
        world = runner_world.make(self.night.root, "runner-1")
        world.branch = "main"
        return world

    # -- before

    def claimed(self) -> Task:
        self.number += 1
        self.client.add_task(f"Task {self.number}", "impl")
        return self.claim()

    def claim(self) -> Task:
        pid, start = clock.my_identity()
        task = self.client.claim(
            runner="runner-1", pid=pid, boot_id=clock.boot_id(), start_time=start, agents=["script"]
        )
        assert task is not None
        return task

    def completed(self, *, moved: bool) -> tuple[Task, Place]:
        """A task whose change is on disk in its worktree and told to the API; `moved`: the target went on since."""
        world, task = self.world(), self.claimed()
        place = runner_workspace.prepare(world, task)
        write(place.path, f"new{self.number}.txt", "new\n")
        write(place.path, "changed.txt", f"{self.number}\n")
        (place.path / f"new{self.number - 1}.txt").unlink(missing_ok=True)
        change = {"base": place.base, "tree": git_change.snapshot(place.path), "branch": place.branch}
        said = {"worktree": str(place.path), "commit_state": words.COMMIT_PENDING, "agent": "script"}
        token = {"fencing_token": task.fencing_token}
        done = self.client.patch(task.id, status=words.COMPLETED, **change, **said, **token)
        if moved:
            write(self.night.root, "mine.txt", f"{self.number}\n")
            git_out(self.night.root, "add", "mine.txt")
            git_out(self.night.root, "commit", "-q", "-m", "mine")
        return done, place

    # -- killed, or told that something failed

    def points(self, step: Step, calls: str = IN_GIT) -> list[Point]:
        """Every one in gits, found by doing it under observation."""
        assert not self.killed(step, Point(0, "", 0), calls)
        numbers = range(1, int((self.folder / "count").read_text()) + 1)
        traces = ((number, calls_in(self.folder / f"trace.{number}", number)) for number in numbers)
        return [point for number, found in traces for point in (Point(number, START, 1), *found)]

    def killed(self, step: Step, at: Point, calls: str = IN_GIT) -> bool:
        """False when it came to its end: there is no such call."""
        pid = self._forked(step, at, KILL, calls)
        killed = _was_killed(os.waitpid(pid, 0)[1])
        assert self._traceback() == ""
        return killed

    def failed(self, step: Step, at: Point, error: str) -> str:
        """A git is told of this error; the traceback of what the step did not expect, empty when it went on."""
        os.waitpid(self._forked(step, at, f"error={error}", ""), 0)
        return self._traceback()

    def own_failing_points(self, step: Step) -> list[Point]:
        trace = self.folder / "trace"
        assert self._traced(step, "-o", str(trace), "-e", f"trace={FAILING}") == ""
        return calls_in(trace, 0)

    def failed_itself(self, step: Step, at: Point, error: str) -> str:
        return self._traced(step, *self.failing(at, error))

    def failing(self, at: Point, error: str) -> list[str]:
        """Flags of strace for a process in which this call is to fail."""
        self._failed.unlink(missing_ok=True)
        inject = f"inject={at.call}:error={error}:when={at.nth}"
        return ["-o", str(self._failed), "-e", f"trace={at.call}", "-e", inject]

    def was_met(self) -> bool:
        """Whether the last call that was to fail was made, and so has failed."""
        return self._failed.exists() and "(INJECTED)" in self._failed.read_text(errors="replace")

    @property
    def _failed(self) -> Path:
        return self.folder / "failed"

    def _traced(self, step: Step, *flags: str) -> str:
        """A step is begun once strace watches it."""
        ready, is_ready = os.pipe()
        reads, writes = os.pipe()

        def begun(world: World) -> None:
            os.write(is_ready, b"x")
            os.read(reads, 1)
            runner_land.ThreadPoolExecutor = Beside  # type: ignore[misc, assignment]
            step(world)

        pid = self._forked(begun, Point(-1, "", 0), KILL, "")
        os.read(ready, 1)
        with attached(pid, *flags):
            os.write(writes, b"x")
            os.waitpid(pid, 0)
        for one in (ready, is_ready, reads, writes):
            os.close(one)
        return self._traceback()

    def _forked(self, step: Step, at: Point, action: str, calls: str) -> int:
        (self.folder / "count").write_text("0\n")
        (self.folder / "traceback").write_text("")
        if at.git > 0:
            self._failed.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            os.environ |= {"CRASH_GIT": str(at.git), "CRASH_CALL": at.call, "CRASH_NTH": str(at.nth)}
            os.environ |= {"CRASH_ACTION": action, "CRASH_TRACED": calls}
            os.environ |= {"CRASH": str(self.folder), "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}
            _dies_with_its_git()
            try:
                step(self.world())
            except BaseException:
                (self.folder / "traceback").write_text(traceback.format_exc())
            os._exit(0)
        return pid

    def _traceback(self) -> str:
        return (self.folder / "traceback").read_text()

    def own_points(self, *, moved: bool, beside: bool) -> list[Point]:
        task, _ = self.completed(moved=moved)
        trace = self.folder / "trace"
        assert self._land_alone(task, "-o", str(trace), "-e", f"trace={IN_PYTHON}", beside=beside) == 0
        self.check(task)
        return calls_in(trace, 0)

    def land_killed_itself(self, task: Task, at: Point, *, beside: bool) -> bool:
        inject = f"inject={at.call}:signal=SIGKILL:when={at.nth}"
        code = self._land_alone(task, "-o", "/dev/null", "-e", inject, beside=beside)
        assert code in (0, -signal.SIGKILL)
        return code != 0

    def _land_alone(self, task: Task, *flags: str, beside: bool) -> int:
        """`beside`: with a thread that clears up meanwhile, as it is; its calls are not seen."""
        argv = ["strace", "-qqq", *flags, sys.executable, "-c", ALONE, str(self.night.root), task.id]
        argv += [] if beside else ["in one thread"]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(argv, env=env, cwd=self.night.root, capture_output=True, timeout=120).returncode

    # -- afterwards

    def recover(self) -> None:
        """As a runner does that is started again."""
        world = self.world()
        assert runner_recover.at_start(world)
        runner_recover.land_again(world, {})

    def check(self, task: Task) -> None:
        """One commit, the right files, a clean tree, and nothing left of the attempt."""
        now, root = self.client.task(task.id), self.night.root
        assert (now.commit_state, now.commit_reason) == (words.COMMIT_LANDED, None)
        assert len(self.night.committed()[task.id]) == 1
        assert git_out(root, "show", "main:changed.txt") == f"{self.number}"
        assert [one for one in self.files("main") if one.startswith("new")] == [f"new{self.number}.txt"]
        if git_out(root, "branch", "--show-current") == "main":
            assert (root / "changed.txt").read_text() == f"{self.number}\n"
            assert [one.name for one in root.glob("new*.txt")] == [f"new{self.number}.txt"]
        assert git_out(root, "for-each-ref", "refs/heads/pipeline") == ""
        self.check_clean()

    def files(self, ref: str) -> list[str]:
        return git_out(self.night.root, "ls-tree", "--name-only", ref).splitlines()

    def check_clean(self) -> None:
        """Nothing lies about, and the person's edit is as it was."""
        root = self.night.root
        assert git_out(root, "status", "--porcelain").splitlines() == [" M README.md"]
        assert list(root.glob(".git/**/*.lock")) == []
        assert list(root.glob(".git/**/nightrun-*")) == []
        assert list(root.glob(".git/worktrees/*")) == []
        assert list(self.night.state.worktrees.iterdir()) == []
        assert list(self.night.state.locks.glob("attempt-*")) == []


ALONE = """
import sys
from pathlib import Path
from nightrun.flows import runner_land, runner_world
from tests.stories.crash import Beside
if sys.argv[3:]:
    runner_land.ThreadPoolExecutor = Beside
world = runner_world.make(Path(sys.argv[1]), "runner-1")
task = world.client.task(sys.argv[2])
runner_land.land(world, task, runner_land.place_of(world, task))
"""


def _dies_with_its_git() -> None:
    """What kills a git kills the runner that waits for it in the same moment."""
    plain = process.run

    def run(*args: object, **named: object) -> process.Finished:
        done = plain(*args, **named)  # type: ignore[arg-type]
        if done.code == -signal.SIGKILL:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    process.run = run  # type: ignore[assignment]


def _was_killed(status: int) -> bool:
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False
