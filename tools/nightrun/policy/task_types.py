"""The section `task_types`: who does each type of task, how long it may take and what checks its work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from nightrun.conditions.settings import Duration, Flag
from nightrun.policy.section import Section
from nightrun.policy.values import AgentChoice, Commands, Text

Committing = Literal["spec", "impl", "test", "review"]

Commit = Annotated[
    Flag,
    Field(
        description="Whether the change of a completed task of this type becomes a commit; needs "
        "PIPELINE_AUTO_COMMIT=1. Never true for heal."
    ),
]
Agent = Annotated[
    AgentChoice,
    Field(
        description="Who does the work: auto (the first agent found on this machine, else the embedded script agent), "
        "a name, or a list of names in the order of preference; a task waits while none of them is available."
    ),
]
Gate = Annotated[
    Commands | None,
    Field(
        description="Commands that check the work in the attempt's worktree, one after the other; the first that "
        "fails, fails the attempt. A type that commits must have one; [] says on purpose that nothing checks it."
    ),
]
Timeout = Annotated[
    Duration, Field(gt=0, description="Longest time one attempt of the agent may take; then it is ended.")
]
Silence = Annotated[
    Duration | None,
    Field(description="Longest time the agent may print nothing; then it is ended. null: no such limit."),
]
Next = Annotated[
    Committing | None,
    Field(
        description="Type of the task that follows when one of this type is completed. null: nothing follows. "
        "Items of the backlog follow `backlog.chain` instead."
    ),
]
Prompt = Annotated[
    Text | None, Field(description="Text that every task of this type tells the agent before its direction.")
]
NoChange = Annotated[
    Literal["allowed", "refused"],
    Field(description="Whether an attempt that changed no file is completed (allowed) or a failure (refused)."),
]
Verdict = Annotated[
    Flag,
    Field(
        description="Whether the agent must end with the line `VERDICT: PASS` or `VERDICT: FAIL`; a FAIL sends the "
        "work back to impl with the findings."
    ),
]


class TaskType(Section):
    """What is true for one type of task."""

    commit: Commit = True
    agent: Agent = "auto"
    gate: Gate = None
    timeout: Timeout = 3600.0
    silence: Silence = 600.0
    next: Next = None
    prompt: Prompt = None
    no_change: NoChange = "refused"
    verdict: Verdict = False

    @property
    def agents(self) -> tuple[str, ...]:
        """The agent names in order of preference; ("auto",) when the machine decides."""
        return (self.agent,) if isinstance(self.agent, str) else self.agent


class TestTask(TaskType):
    verdict: Verdict = True


class ReviewTask(TaskType):
    no_change: NoChange = "allowed"
    verdict: Verdict = True


class HealTask(TaskType):
    commit: Commit = False
    timeout: Timeout = 1800.0
    no_change: NoChange = "allowed"


class TaskTypes(Section):
    """The five types of task."""

    spec: TaskType = Field(default=TaskType(), description="Writes down what is to be done.")
    impl: TaskType = Field(default=TaskType(), description="Does it.")
    test: TestTask = Field(default=TestTask(), description="Writes and runs the tests for it.")
    review: ReviewTask = Field(default=ReviewTask(), description="Judges it; may change nothing.")
    heal: HealTask = Field(
        default=HealTask(), description="Looks for the cause of an issue; its change stays on its branch."
    )

    def __getitem__(self, name: str) -> TaskType:
        if name not in type(self).model_fields:
            raise KeyError(name)
        found: TaskType = getattr(self, name)
        return found

    def items(self) -> Iterator[tuple[str, TaskType]]:
        for name in type(self).model_fields:
            yield name, self[name]
