"""What the demo lets agents do, and what must have come of it; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nightrun.decisions import message
from nightrun.decisions.backlog import Item
from nightrun.decisions.lines import count
from nightrun.words import task as words
from nightrun.words.task import Task

GATE = "python3 -m unittest"
BACKLOG = "specs/backlog.md"
META_BACKLOG = "specs/007-meta-pipeline-backlog.md"
CHAIN = ("spec", "impl", "test", "review")
AGENT = "demo-agent"
# Chores are scripts in the item itself; what has none goes to the program that stands for a coding agent.
AGENTS = ("script", AGENT)

REPAIRED = "Add the nautical mile"  # fails its gate at the first attempt
NEVER = "Give all results as whole numbers"  # fails its gate at every attempt
CONDITION = "repeated_failures"
EXIT_CODE = 1  # of the run: a task failed


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What there is after the run."""

    code: int  # exit code of the run
    before: Sequence[Item]  # of both backlogs, as they stood before it
    items: Sequence[Item]  # the same now, with what the heal suggests
    tasks: Sequence[Task]
    issues: Sequence[Mapping[str, Any]]  # open ones
    messages: Sequence[bytes]  # of all commits on the target
    changed: Sequence[str]  # paths that git status shows
    left: int = 0  # processes that are still alive


def policy(agent: Sequence[str]) -> dict[str, Any]:
    """What is chosen in the policy; `agent` is the command of the demo's own agent. Everything waits shorter."""
    committing = {name: {"agent": list(AGENTS), "gate": [GATE], "timeout": "1m"} for name in CHAIN}
    return {
        "version": 1,
        "task_types": {**committing, "heal": {"agent": AGENT, "timeout": "1m"}},
        "agents": {AGENT: {"command": list(agent)}},
        "limits": {"attempts": 2, "backoff": ["1s"]},
        "monitor": {"interval": "2s", CONDITION: {"count": 1, "cleared_by": 20}},
        "backlog": {"files": [BACKLOG], "meta": META_BACKLOG, "chain": list(CHAIN)},
    }


def problems(seen: Seen) -> list[str]:
    """What did not happen as it should, one sentence each."""
    if seen.code != EXIT_CODE:
        return [f"the run ended with exit code {seen.code}, not {EXIT_CODE}"]
    return [*_items(seen), *_tasks(seen), *_issue(seen), *_commits(seen), *_left(seen)]


def summary(seen: Seen) -> list[str]:
    """The same when all is well, in words."""
    suggested = _suggested(seen)[0].text
    return [
        f"{count(len(_landed(seen)), 'task')} completed and landed, each as one commit",
        f"{REPAIRED!r} failed its gate at first and passed at attempt 2",
        f"{NEVER!r} failed for good: no commit, an issue and a heal task",
        f"the heal suggested {suggested!r}, and that was done, too",
        "the working tree is clean and no process is left",
    ]


def _is(task: Task, text: str) -> bool:
    return task.direction.startswith(text)


def _landed(seen: Seen) -> list[Task]:
    return [one for one in seen.tasks if one.commit_state == words.COMMIT_LANDED]


def _suggested(seen: Seen) -> list[Item]:
    known = {one.key for one in seen.before}
    return [one for one in seen.items if one.key not in known]


# -- the parts


def _items(seen: Seen) -> Iterator[str]:
    """All were done but one, and one was suggested by the heal."""
    if len(_suggested(seen)) != 1 or len(seen.items) != len(seen.before) + 1:
        yield f"there are {count(len(seen.items), 'item')}, {len(_suggested(seen))} of them suggested by the heal"
    for item in seen.items:
        if item.done == (item.text == NEVER):
            yield f"{item.text!r} is {'ticked' if item.done else 'not ticked'}"


def _tasks(seen: Seen) -> Iterator[str]:
    """One task for each step of each item, and how it must have ended."""
    asked = [one for one in seen.tasks if one.task_type != "heal" and "suggested_by" not in one.context]
    made = Counter((one.task_type, one.direction.partition("\n")[0]) for one in asked)
    for item in seen.items:
        for name in item.types:
            found = made.pop((name, item.text), 0)
            if found != 1:
                yield f"{item.text!r} has {count(found, 'task')} of type {name}, not one"
    yield from (f"there is a {name} task that nobody asked for: {text}" for name, text in made)
    for one in seen.tasks:
        yield from _end(one)


def _end(task: Task) -> Iterator[str]:
    name = f"{task.task_type} {task.id}"
    is_heal = task.task_type == "heal"
    wanted = (words.FAILED, words.COMMIT_NONE) if _is(task, NEVER) else (words.COMPLETED, words.COMMIT_LANDED)
    wanted = (words.COMPLETED, words.COMMIT_NONE) if is_heal else wanted
    if (task.status, task.commit_state) != wanted:
        why = task.error_summary or task.commit_reason or task.waiting_reason or "no reason given"
        yield f"{name} is {task.status} and {task.commit_state}, not {' and '.join(wanted)}: {why}"
    if _is(task, NEVER) and task.error_class != "gate":
        yield f"{name} failed by {task.error_class}, not by its gate"
    attempts = 2 if _is(task, NEVER) or _is(task, REPAIRED) else 1
    if task.attempt != attempts:
        yield f"{name} took {count(task.attempt, 'attempt')}, not {attempts}"


def _issue(seen: Seen) -> Iterator[str]:
    failed = [one.id for one in seen.tasks if one.status == words.FAILED]
    heals = [one.id for one in seen.tasks if one.task_type == "heal"]
    if len(seen.issues) != 1 or seen.issues[0]["condition"] != CONDITION:
        shown = ", ".join(f"{one['condition']} ({one.get('message')})" for one in seen.issues) or "none"
        yield f"open issues are {shown}; it should be {CONDITION} alone"
    elif list((seen.issues[0].get("evidence") or {}).get("tasks") or ()) != failed:
        yield f"the issue does not name the failed task {', '.join(failed)}"
    if len(heals) != 1:
        yield f"there are {count(len(heals), 'heal task')}, not one"
    elif seen.issues and seen.issues[0].get("heal_task_id") != heals[0]:
        yield f"the issue does not know its heal task {heals[0]}"


def _commits(seen: Seen) -> Iterator[str]:
    """One for each landed task, in the format, and no other."""
    committed: Counter[str] = Counter()
    for raw in seen.messages:
        if not raw.startswith(b"[pipeline]"):
            continue
        ids = message.trailers(raw).get(message.TASK, [])
        committed.update(ids)
        task = next((one for one in seen.tasks if [one.id] == ids), None)
        subject = raw.partition(b"\n")[0].decode(errors="replace")
        if task is None or subject != message.subject(task.task_type, task.id, task.direction):
            yield f"a commit is not as it should be: {subject} ({message.TASK}: {', '.join(ids) or 'none'})"
    wanted = {one.id for one in _landed(seen)}
    for task_id in sorted(wanted | committed.keys()):
        if committed[task_id] != (task_id in wanted):
            yield f"task {task_id} has {count(committed[task_id], 'commit')}"


def _left(seen: Seen) -> Iterator[str]:
    if seen.changed:
        yield f"git status is not clean: {', '.join(seen.changed)}"
    if seen.left:
        yield f"{count(seen.left, 'process', 'processes')} still running"
