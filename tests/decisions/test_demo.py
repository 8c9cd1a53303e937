from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from nightrun.decisions import demo, message
from nightrun.decisions.backlog import Item, direction
from nightrun.decisions.demo import Seen
from nightrun.words.task import Task

Change = Callable[[Seen], Seen]


def item(text: str, *types: str, done: bool = True) -> Item:
    return Item(key=text, text=text, body="```sh\ntrue\n```", types=types, file=demo.BACKLOG, line=1, done=done)


NEVER = item(demo.NEVER, "impl", done=False)
SUGGESTED = item("Ask first", "spec")
ITEMS = (item(demo.REPAIRED, "impl"), NEVER, item("Convert degrees", *demo.CHAIN), SUGGESTED)


def tasks() -> list[Task]:
    """As they are after a good run."""
    made = []
    for one in ITEMS:
        fails = one.text == demo.NEVER
        for name in one.types:
            ended = {"status": "failed", "error_class": "gate"} if fails else {"status": "completed"}
            made.append(
                Task(
                    id=f"t{len(made)}",
                    task_type=name,
                    direction=direction(one),
                    attempt=2 if one.text in (demo.NEVER, demo.REPAIRED) else 1,
                    commit_state="none" if fails else "landed",
                    **ended,
                )
            )
    heal = Task(id="h", task_type="heal", direction="Find it", status="completed", attempt=1)
    return [*made, heal, replace(made[-1], id="s", direction="Meta-backlog: Ask first", context={"suggested_by": "h"})]


def commit(task: Task) -> bytes:
    return message.commit(task_type=task.task_type, task_id=task.id, direction=task.direction)


def good() -> Seen:
    made = tasks()
    issue = {"condition": demo.CONDITION, "message": "m", "heal_task_id": "h", "evidence": {"tasks": ["t1"]}}
    messages = [b"first\n", *(commit(one) for one in made if one.commit_state == "landed")]
    before = [replace(one, done=False) for one in ITEMS[:-1]]
    return Seen(code=1, before=before, items=ITEMS, tasks=made, issues=[issue], messages=messages, changed=[])


def test_a_run_as_it_should_be_has_no_problem() -> None:
    assert demo.problems(good()) == []
    assert demo.summary(good())[0] == "7 tasks completed and landed, each as one commit"


def with_task(number: int, **fields: Any) -> Change:
    """A task that ended otherwise."""

    def change(seen: Seen) -> Seen:
        changed = [replace(one, **fields) if at == number else one for at, one in enumerate(seen.tasks)]
        return replace(seen, tasks=changed)

    return change


def with_issue(**fields: Any) -> Change:
    return lambda seen: replace(seen, issues=[{**seen.issues[0], **fields}])


FORGED = b"[pipeline] impl t0: Something else\n\nPipeline-Task: t0\n"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda seen: replace(seen, code=0), "the run ended with exit code 0, not 1"),
        (lambda seen: replace(seen, items=seen.items[:-1]), "there are 3 items, 0 of them suggested by the heal"),
        (lambda seen: replace(seen, items=[SUGGESTED]), "there are 1 item, 1 of them suggested by the heal"),
        (
            lambda seen: replace(seen, items=[replace(NEVER, done=True)]),
            "'Give all results as whole numbers' is ticked",
        ),
        (lambda seen: replace(seen, items=[replace(SUGGESTED, done=False)]), "'Ask first' is not ticked"),
        (lambda seen: replace(seen, tasks=seen.tasks[1:]), "'Add the nautical mile' has 0 tasks of type impl, not one"),
        (lambda seen: replace(seen, tasks=[*seen.tasks, replace(seen.tasks[0], id="x")]), "has 2 tasks of type impl"),
        (
            lambda seen: replace(seen, tasks=[*seen.tasks, Task(id="x", task_type="spec", direction="Own idea")]),
            "there is a spec task that nobody asked for: Own idea",
        ),
        (with_task(0, attempt=1), "impl t0 took 1 attempt, not 2"),
        (with_task(2, attempt=3), "spec t2 took 3 attempts, not 1"),
        (with_task(1, status="completed", commit_state="landed"), "impl t1 is completed and landed, not failed"),
        (with_task(1, error_class="timeout"), "impl t1 failed by timeout, not by its gate"),
        (with_task(3, commit_state="held", commit_reason="edits"), "impl t3 is completed and held"),
        (with_task(7, commit_state="landed"), "heal h is completed and landed"),
        (with_task(7, status="pending", waiting_reason="needs an agent"), "needs an agent"),
        (lambda seen: replace(seen, tasks=[*seen.tasks[:7], seen.tasks[8]]), "there are 0 heal tasks, not one"),
        (lambda seen: replace(seen, issues=[]), "open issues are none"),
        (with_issue(condition="disk_low"), "open issues are disk_low (m)"),
        (with_issue(heal_task_id=None), "the issue does not know its heal task h"),
        (with_issue(evidence={"tasks": ["t0"]}), "the issue does not name the failed task t1"),
        (lambda seen: replace(seen, messages=seen.messages[:-1]), "task s has 0 commits"),
        (lambda seen: replace(seen, messages=[*seen.messages, seen.messages[-1]]), "task s has 2 commits"),
        (lambda seen: replace(seen, messages=[*seen.messages, commit(seen.tasks[7])]), "task h has 1 commit"),
        (lambda seen: replace(seen, messages=[*seen.messages[:1], FORGED, *seen.messages[2:]]), "Something else"),
        (
            lambda seen: replace(seen, messages=[*seen.messages, seen.messages[-1] + b"Pipeline-Task: t0\n"]),
            "(Pipeline-Task: s, t0)",
        ),
        (lambda seen: replace(seen, changed=["new"]), "git status is not clean: new"),
        (lambda seen: replace(seen, left=2), "2 processes still running"),
    ],
)
def test_whatever_is_otherwise_is_said(change: Change, problem: str) -> None:
    assert any(problem in one for one in demo.problems(change(good()))), demo.problems(change(good()))
