"""A task, the states it can be in, and the moves between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from nightrun.words.task_id import ID_PATTERN as ID_PATTERN

TASK_TYPES = ("spec", "impl", "test", "review", "heal")

PENDING = "pending"
RUNNING = "running"
COMPLETED = "completed"
FAILED = "failed"
NEEDS_DECISION = "needs_decision"
STATUSES = (PENDING, RUNNING, COMPLETED, FAILED, NEEDS_DECISION)
TERMINAL = (COMPLETED, FAILED)

# status -> the statuses it may move to; a claim is the move pending -> running.
# running -> pending is a retry or an interruption; needs_decision -> pending is a person's answer.
MOVES: Mapping[str, tuple[str, ...]] = {
    PENDING: (RUNNING, FAILED, NEEDS_DECISION),
    RUNNING: (COMPLETED, FAILED, NEEDS_DECISION, PENDING),
    NEEDS_DECISION: (PENDING, FAILED),
    COMPLETED: (),
    FAILED: (),
}

# What became of a completed task's change (DESIGN section 3.4).
COMMIT_NONE = "none"
COMMIT_PENDING = "pending"
COMMIT_COMMITTED = "committed"
COMMIT_LANDED = "landed"
COMMIT_HELD = "held"
COMMIT_FAILED = "failed"
COMMIT_STATES = (COMMIT_NONE, COMMIT_PENDING, COMMIT_COMMITTED, COMMIT_LANDED, COMMIT_HELD, COMMIT_FAILED)
UNLANDED = (COMMIT_PENDING, COMMIT_COMMITTED, COMMIT_HELD, COMMIT_FAILED)


@dataclass(frozen=True, kw_only=True)
class Task:
    """One piece of work as the API shows it. Times are seconds since the epoch, UTC; None means not yet."""

    id: str
    direction: str
    task_type: str
    status: str = PENDING
    priority: int = 0  # higher is claimed first
    depends_on: tuple[str, ...] = ()
    dedup_key: str | None = None  # at most one task per key, ever
    context: Mapping[str, Any] = field(default_factory=dict)
    attempt: int = 0  # number of the current or last attempt, from 1
    failures: int = 0  # attempts that counted against the task
    fencing_token: int = 0  # grows with every claim; late writers carry an old one
    runner: str | None = None
    lease_expires_at: float | None = None
    ready_at: float = 0.0  # not claimed before
    model: str | None = None
    agent: str | None = None  # who worked on it last
    wants_agent: str | None = None  # who was asked for; None: whoever can
    command: str | None = None
    output: str | None = None  # the last part of the agent's output
    outcome: str | None = None  # of the last attempt
    error_class: str | None = None
    error_summary: str | None = None
    waiting_reason: str | None = None  # why a ready task is not claimed, in words
    decision_prompt: str | None = None
    decision: str | None = None
    progress_pct: int | None = None
    current_step: str | None = None
    tier: str | None = None
    commit_state: str = COMMIT_NONE
    commit_sha: str | None = None
    commit_reason: str | None = None  # why it is held, failed or none
    branch: str | None = None  # of the last attempt
    base: str | None = None  # commit the last attempt started from
    tree: str | None = None  # tree the gate passed on
    worktree: str | None = None
    gate: Mapping[str, Any] | None = None  # {"result": "passed|failed|none", "seconds", "commands", "tree"}
    created_at: float = 0.0
    updated_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Task:
        """The task in an API answer; fields this version does not know are left out."""
        known = {f.name for f in fields(cls)}
        values = {k: v for k, v in data.items() if k in known and v is not None}
        values["depends_on"] = tuple(values.get("depends_on", ()))
        return cls(**values)
