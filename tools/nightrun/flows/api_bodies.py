"""The shapes of what the API takes; a body that has another is refused with all its problems at once."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, model_validator

from nightrun.flows.api_answers import CommitState, TaskType

LONGEST_DIRECTION = 1_000_000  # characters
MOST_NEEDS = 100
MOST_FINDINGS = 1_000
LONGEST_WAIT_S = 25.0
_LARGEST = 2**53 - 1  # what every JSON reader keeps exactly


def _storable(text: str) -> str:
    """SQLite ends texts at a NUL, and half of a surrogate pair has no UTF-8."""
    if "\0" in text:
        raise ValueError("must not hold a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must be valid Unicode") from None
    return text


def _storable_object(value: dict[str, Any]) -> dict[str, Any]:
    json.dumps(value, allow_nan=False)
    _check_texts(value)
    return value


def _check_texts(value: Any) -> None:
    if isinstance(value, str):
        _storable(value)
    elif isinstance(value, dict):
        for key, one in value.items():
            _storable(key)
            _check_texts(one)
    elif isinstance(value, list):
        for one in value:
            _check_texts(one)


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, Field(min_length=1, max_length=200)]
Line = Annotated[Text, Field(max_length=10_000)]
Object = Annotated[dict[str, Any], AfterValidator(_storable_object)]
Count = Annotated[int, Field(ge=0, le=_LARGEST)]
Percent = Annotated[int, Field(ge=0, le=100)]
Priority = Annotated[int, Field(ge=-1000, le=1000)]
Seconds = Annotated[FiniteFloat, Field(ge=0, le=1e11)]
Direction = Annotated[Text, Field(max_length=LONGEST_DIRECTION), AfterValidator(_not_blank)]


class Body(BaseModel):
    """A misspelt field is refused, not dropped."""

    model_config = ConfigDict(extra="forbid")


class OpenBody(BaseModel):
    """Fields of newer callers are let through."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="after")
    def _more_is_storable(self) -> OpenBody:
        _storable_object(self.model_extra or {})
        return self


class NewTask(Body):
    direction: Direction
    task_type: TaskType
    priority: Priority = 0
    depends_on: Annotated[list[Name], Field(max_length=MOST_NEEDS)] = []
    context: Object = {}
    dedup_key: Name | None = None
    agent: Name | None = None
    model: Name | None = None
    ready_at: Seconds | None = None


class Change(Body):
    """What a runner (with `fencing_token`) or a person (without) says about a task; at least one field."""

    status: Text | None = None
    fencing_token: Count | None = None
    output: Text | None = None
    progress_pct: Percent | None = None
    current_step: Line | None = None
    decision_prompt: Text | None = None
    decision: Text | None = None
    outcome: Name | None = None
    error_class: Name | None = None
    error_summary: Text | None = None
    commit_state: CommitState | None = None
    commit_sha: Name | None = None
    commit_reason: Text | None = None
    branch: Line | None = None
    base: Name | None = None
    tree: Name | None = None
    worktree: Line | None = None
    gate: Object | None = None
    usage: Object | None = None  # what this attempt used, told with its end
    agent: Name | None = None
    model: Name | None = None
    command: Text | None = None
    tier: Name | None = None
    priority: Priority | None = None
    ready_at: Seconds | None = None
    waiting_reason: Text | None = None
    costs_attempt: bool | None = None
    context: Object | None = None
    stop: bool | None = None


class Reopening(Body):
    reason: Annotated[Text, AfterValidator(_not_blank)]
    error_class: Literal["conflict", "scan"] = "conflict"  # scan: a person refused what a scan had found
    costs_attempt: bool = True
    question: Annotated[Text, AfterValidator(_not_blank)] | None = None  # a person is asked before the next attempt


class Note(Body):
    text: Annotated[Line, AfterValidator(_not_blank)]


class Claim(Body):
    runner: Name
    pid: Count | None = None
    boot_id: Name | None = None
    start_time: FiniteFloat | None = None
    agents: list[Name] = []
    types: list[Name] | None = None
    wait_seconds: Annotated[FiniteFloat, Field(ge=0, le=LONGEST_WAIT_S)] = 0
    claim_key: Name | None = None
    heal_share: Annotated[FiniteFloat, Field(ge=0, le=1)] = 1.0


class Heartbeat(OpenBody):
    fencing_token: Count
    progress_pct: Percent | None = None
    current_step: Line | None = None


class RunnerReport(OpenBody):
    state: Name | None = None
    task_id: Name | None = None
    counter: Count | None = None
    pid: Count | None = None
    boot_id: Name | None = None
    start_time: FiniteFloat | None = None


Scope = Annotated[Name, Field(pattern=r"^(intake|agent:.+)$")]
# Only a person ends what guard, disk and budget began; budget also a new night or a higher limit.
By = Literal["person", "nightrun", "guard", "disk", "budget"]


class NewPause(Body):
    scope: Scope
    reason: Annotated[Line, AfterValidator(_not_blank)]
    until: Seconds | None = None
    by: By = "person"


class EndedPause(Body):
    scope: Scope
    by: By = "person"


class SentFinding(OpenBody):
    condition: Name
    state: Literal["ok", "pending", "firing", "unknown"]
    severity: Literal["high", "medium", "low"] = "medium"
    fingerprint: Line = ""
    message: Text = ""
    suggested_action: Text = ""
    evidence: Object = {}
    direction: Text | None = None
    heal_task_id: Name | None = None


class Look(Body):
    findings: Annotated[list[SentFinding], Field(max_length=MOST_FINDINGS)]
    # False: of somebody who is not the monitor and saw only these. Nothing is resolved, and it is no look.
    whole: bool = True


class IssueChange(Body):
    heal_task_id: Name | None
