"""The shapes of what the API gives, for the OpenAPI document; answers are not validated a second time."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from nightrun.words import task as words
from nightrun.words.task import Task

TaskType = Literal["spec", "impl", "test", "review", "heal"]
Status = Literal["pending", "running", "completed", "failed", "needs_decision"]
CommitState = Literal["none", "pending", "committed", "landed", "held", "failed"]

assert set(words.STATUSES) == set(Status.__args__)  # type: ignore[attr-defined]
assert set(words.TASK_TYPES) == set(TaskType.__args__)  # type: ignore[attr-defined]
assert set(words.COMMIT_STATES) == set(CommitState.__args__)  # type: ignore[attr-defined]


class Refusal(BaseModel):
    detail: str


class Moves(BaseModel):
    message: str
    status: str
    allowed: list[str]


class MoveRefusal(BaseModel):
    detail: Moves


class TaskPage(BaseModel):
    tasks: list[Task]
    total: int


class Event(BaseModel):
    at: float
    kind: str
    text: str


class Events(BaseModel):
    events: list[Event]


class TaskLog(BaseModel):
    task_id: str
    attempt: int
    log: str
    command: str | None
    output: str | None


class TaskCount(BaseModel):
    total: int
    by_status: dict[Status, int]


class Lease(BaseModel):
    lease_expires_at: float | None
    stop: bool


class Rate(BaseModel):
    completed: int
    failed: int
    total: int
    rate: float


class Times(BaseModel):
    p50_seconds: int
    p95_seconds: int


class TypeRow(BaseModel):
    count: int
    completed: int
    failed: int
    success_rate: float


class ModelRow(BaseModel):
    count: int
    avg_duration: float


class Metrics(BaseModel):
    success_rate: Rate
    execution_time: Times
    by_task_type: dict[str, TypeRow]
    by_model: dict[str, ModelRow]
    window_days: int
    generated_at: float
    last_evaluation: float | None
    commit_state: dict[CommitState, int]
    not_counted: dict[str, int]


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    version: str
    build_id: str
    started_at: float
    boot_id: str
    timestamp: float
