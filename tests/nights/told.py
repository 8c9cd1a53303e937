"""What the night came to, as Markdown."""

from __future__ import annotations

from collections import Counter

from nightrun.hands import sandbox
from nightrun.words import sandbox as words_of_sandbox
from nightrun.words import task as words
from nightrun.words.task import Task
from tests.bench import page
from tests.nights import run
from tests.nights.behaviours import Behaviour
from tests.nights.run import Morning

HEAD = """\
# A recorded night

For everybody who asks what is left of a queue when its agents misbehave. Written by `make night`: the whole pipeline
(supervisor, API, monitor, {runners} runners) on a scratch repository, {tasks} tasks of twelve behaviours, mixed.
Agents and gates run {walls}. A runner dies {killed} times. A
person does one thing: logs in again, some time after the login was lost, and runs `nightrun agents check`. Heals are
off, as nobody would do them. Again: `make night` (under ten minutes, the table of kills included); a short night of one
task each is a test (`tests/stories/test_twelve_behaviours.py`).

"""


def everything(made: Morning) -> str:
    head = HEAD.format(runners=made.runners, tasks=len(made.ids), killed=made.killed, walls=_walls())
    return f"{head}{page.machine()}\n{_sums(made)}\n{_behaviours(made)}\n{_tasks(made)}"


def _walls() -> str:
    """The night's policy is `auto`, as the shipped one's."""
    without = sandbox.why_not(words_of_sandbox.AUTO)
    if without is None:
        return "in the sandbox of bubblewrap (`workspace.sandbox: auto`)"
    return f"without a sandbox, though the policy says `auto`: {without}"


def _sums(made: Morning) -> str:
    tasks = list(made.tasks.values())
    landed = [one for one in tasks if one.commit_state == words.COMMIT_LANDED]
    attempts = sum(len(one) for one in made.attempts.values())
    traced = sum(len(made.attempts[one.id]) for kind in made.kinds if kind.traces for one in made.of(kind))
    rows = (
        ("the run took", f"{made.seconds:.0f} s"),
        ("attempts", str(attempts)),
        ("completed tasks, their commits on the target", f"{len(landed)}, {len(made.night.subjects())}"),
        ("tasks with more or less than one commit", str(_not_one(made, landed))),
        ("attempts that left work, of them reachable from no ref", f"{traced}, {len(run.lost(made))}"),
        ("from the limit's stated reset to the agent's next start (at most 10 s)", f"{made.after_reset_s():.1f} s"),
        ("processes, locks, leases, worktrees left", str(len(run.left(made)))),
    )
    return "| what | |\n|---|---|\n" + "".join(f"| {what} | {value} |\n" for what, value in rows)


def _not_one(made: Morning, landed: list[Task]) -> int:
    committed = made.night.committed()
    ids = {one.id for one in landed}
    return sum(len(committed.get(one, [])) != 1 for one in ids) + len(set(committed) - ids)


def _behaviours(made: Morning) -> str:
    head = (
        "## Behaviours\n\n| agent | what it does | tasks | attempts came to | tasks ended as |\n|---|---|---|---|---|\n"
    )
    return head + "".join(_behaviour(made, kind) for kind in made.kinds)


def _behaviour(made: Morning, kind: Behaviour) -> str:
    tasks = made.of(kind)
    ends = Counter(_end(one) for one in tasks)
    return f"| {kind.name} | {kind.what} | {len(tasks)} | {_counted(made.outcomes(kind))} | {_counted(ends)} |\n"


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counter.items()))


def _end(task: Task) -> str:
    return task.commit_state if task.status == words.COMPLETED else task.status


def _tasks(made: Morning) -> str:
    head = "## Tasks\n\n| task | agent | attempts, one after the other | cost | ended as |\n|---|---|---|---|---|\n"
    rows = [
        f"| {number} | {kind} | {_row(made, one)} | {made.tasks[one].failures} | {_end(made.tasks[one])} |\n"
        for number, (one, kind) in enumerate(made.ids.items(), 1)
    ]
    return head + "".join(rows)


def _row(made: Morning, task_id: str) -> str:
    return ", ".join(str(one["outcome"]) for one in made.attempts[task_id])
