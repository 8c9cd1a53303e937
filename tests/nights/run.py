"""Runs the night, does what a person does in it (logs in), and looks at what is left in the morning."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightrun.hands import lock
from nightrun.hands.client import ApiAway, Refused
from nightrun.words import task as words
from nightrun.words.task import Task
from tests.nights import behaviours
from tests.nights.behaviours import LANDED, Behaviour
from tests.stories.night import Night, all_tasks, check_one_commit_each
from tests.story import commit_all, git_out, write

LOOK_S = 0.1
LOGIN_AGENT, CONFLICT_AGENT = "login", "conflict"
MEET = 2  # tasks at least, where one alone would have nobody to conflict with


@dataclass
class Morning:
    night: Night
    out: Path
    kinds: Sequence[Behaviour]
    runners: int
    ids: dict[str, str] = field(default_factory=dict)  # task id -> behaviour, as they were added
    tasks: dict[str, Task] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    seconds: float = 0.0
    killed: int = 0  # runners

    def of(self, kind: Behaviour) -> list[Task]:
        return [self.tasks[one] for one, name in self.ids.items() if name == kind.name]

    def outcomes(self, kind: Behaviour) -> Counter[str]:
        return Counter(str(one["outcome"]) for task in self.of(kind) for one in self.attempts[task.id])

    def after_reset_s(self) -> float:
        """From the reset that was stated to the agent's next start."""
        resets_at = float((self.out / "limit/resets_at").read_text())
        starts = [float(line.split()[0]) for line in (self.out / "limit/starts").read_text().splitlines()]
        return min(one for one in starts if one >= resets_at) - resets_at


def prepared(folder: Path, *, each: int, runners: int, limit_s: float) -> Morning:
    """A repository with `each` tasks of each behaviour, mixed; the agents' own folder is beside it.

    Agents and gates run in the sandbox where there is one, as the shipped policy has it.
    """
    out = folder / "out"
    for name in ("meet", "death"):
        (out / name).mkdir(parents=True)
    kinds = behaviours.all_of(limit_s, each // 2)
    attempts = max(each, MEET) + 1  # the last of those that want the same line may lose to each of the others
    agents = {one.name: {"command": one.command, "prompt": "stdin", "env": {"OUT": str(out)}} for one in kinds}
    types = {
        "impl": {"gate": [["sh", "-c", behaviours.GATE]], "timeout": "2m"},
        "spec": {"timeout": "3s"},
        "test": {"silence": "2s"},
    }
    limits = {"attempts": attempts, "backoff": ["200ms", "500ms", "1s"], "task_log": "64KiB"}
    night = Night(folder / "repo", {"agents": agents, "task_types": types, "limits": limits}, in_sandbox=True)
    write(night.root, "names.txt", "names:\n")
    commit_all(night.root, "begin")
    made = Morning(night=night, out=out, kinds=kinds, runners=runners)
    with night.api() as client:
        for number in range(max(each, MEET)):
            for kind in kinds if number < each else [one for one in kinds if one.name == CONFLICT_AGENT]:
                task = client.add_task(f"Task {number + 1} of {kind.name}", kind.task_type, agent=kind.name)
                made.ids[task.id] = kind.name
    return made


def run(made: Morning, *, login_s: float, most_s: float) -> None:
    """Until nothing is left to do. The person logs in so long after the login was lost."""
    night, begun = made.night, time.monotonic()
    process = night.start("--until", "idle", "--runners", str(made.runners), env={"PIPELINE_AUTO_FIX_ENABLED": "0"})
    night.ready()
    log_in_at: float | None = None
    while process.poll() is None:
        assert time.monotonic() - begun < most_s, f"it did not end in {most_s:.0f} s\n{night.said()}"
        made.killed += kill_who_wants_it(made)
        if log_in_at is None and is_paused(night, LOGIN_AGENT):
            log_in_at = time.monotonic() + login_s
        if log_in_at is not None and time.monotonic() >= log_in_at and not (made.out / "login").exists():
            (made.out / "login").write_text("")
            night.call("agents", "check", LOGIN_AGENT)
        time.sleep(LOOK_S)
    made.seconds = time.monotonic() - begun
    with night.api() as client:
        made.tasks = {one.id: one for one in all_tasks(client)}
        made.attempts = {one: client.attempts(one) for one in made.tasks}


def is_paused(night: Night, agent: str) -> bool:
    try:
        return any(one["scope"] == f"agent:{agent}" for one in night.client.pauses())
    except (ApiAway, Refused):
        return False


def kill_who_wants_it(made: Morning) -> int:
    """How many runners were killed, each while its agent works."""
    killed = 0
    for asked in sorted((made.out / "death").iterdir()):
        name = asked.read_text()
        if name:
            os.kill(made.night.pids(name), signal.SIGKILL)
            asked.write_text("")
            killed += 1
    return killed


# -- the morning after


def check(made: Morning, *, after_reset_s: float = 10.0) -> None:
    """Each ended as its behaviour deserves, every completed one is one commit, and nothing is left."""
    for kind in made.kinds:
        for task in made.of(kind):
            assert is_as_deserved(kind, task), (kind.name, task, made.attempts[task.id], made.night.said())
        assert set(made.outcomes(kind)) <= {"completed", *kind.bad}, (kind.name, made.outcomes(kind))
        assert all(made.outcomes(kind)[one] for one in kind.bad if one != "conflict"), (kind, made.outcomes(kind))
    started = {one.name.partition(".")[2] for one in made.out.glob("daemon.*")}
    assert started == {one for one, kind in made.ids.items() if kind == "daemon"}, "not all daemons were started"
    check_one_commit_each(made.night, list(made.tasks.values()))
    assert lost(made) == []
    assert left(made) == []
    assert 0 <= made.after_reset_s() <= after_reset_s


def is_as_deserved(kind: Behaviour, task: Task) -> bool:
    if kind.end == LANDED:
        return (task.status, task.commit_state) == (words.COMPLETED, words.COMMIT_LANDED)
    return task.status in (words.FAILED, words.NEEDS_DECISION)


def lost(made: Morning) -> list[str]:
    """Attempts whose work is reachable from no ref."""
    listed = git_out(made.night.root, "rev-list", "--all", "--objects").splitlines()
    found = {line.partition(" ")[2] for line in listed}
    traced = {kind.name for kind in made.kinds if kind.traces}
    names = [
        f"work/{one}.{row['attempt']}"
        for one, kind in made.ids.items()
        if kind in traced
        for row in made.attempts[one]
        if row["outcome"] != "waiting"
    ]
    return [name for name in names if name not in found]


def left(made: Morning) -> list[str]:
    """Processes, locks, leases, worktrees and half-written files that are still there."""
    night, root = made.night, made.night.root
    state = night.state
    held = [path for path in state.locks.glob("*") if is_held(path)]
    leased = [one.id for one in made.tasks.values() if one.status == words.RUNNING or one.lease_expires_at is not None]
    trees = git_out(root, "worktree", "list", "--porcelain").count("worktree ") - 1
    return [
        *(f"process {pid}" for pid in night.left()),
        *(f"daemon {pid}" for pid in started_with(str(made.out / "daemon."))),
        *(f"lock {path}" for path in (*held, *root.glob(".git/**/*.lock"), *state.locks.glob("attempt-*"))),
        *(f"lease of {one}" for one in leased),
        *(f"worktree {path}" for path in state.worktrees.iterdir()),
        *([f"{trees} worktrees that git knows"] if trees else []),
        *(f"undelivered {path}" for path in state.outbox.iterdir()),
        *(f"unfinished {path}" for path in state.path.rglob(".*.new")),
        *git_out(root, "status", "--porcelain").splitlines(),
    ]


def is_held(path: Path) -> bool:
    held = lock.hold(path)
    if held is not None:
        held.release()
    return held is None


def started_with(text: str) -> list[int]:
    """Processes whose arguments have this in them: in a sandbox a process knows another number of itself."""
    listed = subprocess.run(["ps", "-eww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if text in line]


def is_alive(pid: int) -> bool:
    """Also not as one that ended and that nobody asked for."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return done.returncode == 0 and not done.stdout.startswith("Z")
