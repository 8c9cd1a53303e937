"""The routes about tasks: add, list, show, change, reopen, their log and their events."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query

from nightrun.flows import api_answers as answers
from nightrun.flows import api_bodies as bodies
from nightrun.flows.api_desk import Answer, AtDesk
from nightrun.hands import tail
from nightrun.hands.store import attempts, events, issues, moves, spent, tasks
from nightrun.words.task import NEEDS_DECISION, Task

router = APIRouter(prefix="/api/agent/tasks", tags=["tasks"])

MISSING: dict[int | str, dict[str, Any]] = {404: {"model": answers.Refusal}}
ONE: dict[int | str, dict[str, Any]] = {200: {"model": Task}, **MISSING}
MOVED: dict[int | str, dict[str, Any]] = {**ONE, 409: {"model": answers.MoveRefusal}}

Limit = Annotated[int, Query(ge=1, le=100)]
Offset = Annotated[int, Query(ge=0, le=2**53)]
LogBytes = Annotated[int, Query(ge=1, le=1 << 20)]


@router.post("", status_code=201, response_model=Task, responses={200: {"model": Task, "description": "Known already"}})
async def add(desk: AtDesk, body: bodies.NewTask) -> Answer:
    """Add a task. The same `dedup_key` again gives the first one with 200."""
    given = body.model_dump() | {"depends_on": list(dict.fromkeys(body.depends_on))}
    row, created = tasks.add(desk.db, **given, now=desk.now())
    if created:
        _link_issue(desk, row)
        desk.bell.ring()
    return Answer(tasks.to_json(row), 201 if created else 200)


@router.get("", response_model=answers.TaskPage)
async def listed(
    desk: AtDesk,
    status: answers.Status | None = None,
    task_type: answers.TaskType | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
    order: Annotated[str, Query(pattern="^(newest|oldest)$")] = "newest",
) -> Answer:
    """A page, newest first, without command and output; long directions are cut."""
    newest = order == "newest"
    page, total = tasks.listed(
        desk.db, status=status, task_type=task_type, limit=limit, offset=offset, newest_first=newest
    )
    return Answer({"tasks": page, "total": total})


@router.get("/attention", response_model=answers.TaskPage)
async def attention(desk: AtDesk, limit: Limit = 20) -> Answer:
    """What waits for a person: tasks that need a decision, then failed ones, newest first, with their output."""
    counts = tasks.counts(desk.db)["by_status"]
    found = tasks.with_output(desk.db, (NEEDS_DECISION, "failed"), limit)
    return Answer({"tasks": found, "total": counts[NEEDS_DECISION] + counts["failed"]})


@router.get("/count", response_model=answers.TaskCount)
async def count(desk: AtDesk) -> Answer:
    by_status = tasks.counts(desk.db)["by_status"]
    return Answer({"total": sum(by_status.values()), "by_status": by_status})


@router.get("/{task_id}", response_model=Task, responses=MISSING)
async def show(desk: AtDesk, task_id: str) -> Answer:
    return Answer(tasks.get(desk.db, task_id))


@router.patch("/{task_id}", response_model=Task, responses={**MOVED, 400: {"model": answers.Refusal}})
async def change(desk: AtDesk, task_id: str, body: bodies.Change) -> Answer:
    """Move a task or write down what became of it. A runner sends its fencing token, a person does not."""
    said = body.model_dump(exclude_unset=True)
    if not said:
        raise HTTPException(400, "At least one field required")
    said = {name: value for name, value in said.items() if value is not None or name not in ("status", "fencing_token")}
    after = moves.patch(desk.db, task_id, said, now=desk.now())
    if {"status", "commit_state", "decision", "ready_at", "agent", "priority"} & said.keys():
        desk.bell.ring()
    return Answer(after)


@router.post("/{task_id}/reopen", response_model=Task, responses=MOVED)
async def reopen(desk: AtDesk, task_id: str, body: bodies.Reopening) -> Answer:
    """Send a completed task back to work because its change could not be landed, or a person refused it.

    With a question it waits for a person's decision first.
    """
    after = moves.reopen(
        desk.db,
        task_id,
        body.reason,
        error_class=body.error_class,
        costs_attempt=body.costs_attempt,
        question=body.question,
        now=desk.now(),
    )
    desk.bell.ring()
    return Answer(after)


@router.get("/{task_id}/log", response_model=answers.TaskLog, responses=MISSING)
async def log(
    desk: AtDesk,
    task_id: str,
    attempt: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    max_bytes: LogBytes = 256 << 10,
) -> Answer:
    """The end of what an attempt printed; the last attempt unless another is named."""
    task = tasks.get(desk.db, task_id)
    number = attempt or task["attempt"]
    text = tail.text(desk.state.task_log(task["id"], number), max_bytes)
    shown = {"task_id": task["id"], "attempt": number, "log": text, "command": task["command"]}
    return Answer({**shown, "output": task["output"]})


@router.get("/{task_id}/events", response_model=answers.Events, responses=MISSING)
async def happened(desk: AtDesk, task_id: str) -> Answer:
    """One line per move, oldest first."""
    tasks.row(desk.db, task_id)
    return Answer({"events": events.of_task(desk.db, task_id)})


@router.post("/{task_id}/events", status_code=201, response_model=answers.Events, responses=MISSING)
async def note(desk: AtDesk, task_id: str, body: bodies.Note) -> Answer:
    """Write down what happened to a task without moving it."""
    tasks.row(desk.db, task_id)
    with desk.db.write():
        events.add(desk.db, task_id, events.NOTE, events.one_line(body.text), now=desk.now())
    return Answer({"events": events.of_task(desk.db, task_id)}, 201)


@router.get("/{task_id}/spent", responses=MISSING)
async def used(desk: AtDesk, task_id: str) -> Answer:
    """What all its attempts used since a person last decided about it; what no agent told is null."""
    tasks.row(desk.db, task_id)
    return Answer(spent.of_task(desk.db, task_id, now=desk.now()))


@router.get("/{task_id}/attempts", responses=MISSING)
async def tried(desk: AtDesk, task_id: str) -> Answer:
    tasks.row(desk.db, task_id)
    return Answer({"attempts": attempts.of_task(desk.db, task_id)})


def _link_issue(desk: AtDesk, row: dict[str, Any]) -> None:
    """A heal task that names its issue is written down at the issue, too."""
    issue_id = tasks.to_json(row)["context"].get("issue_id")
    if row["task_type"] == "heal" and isinstance(issue_id, str) and issues.exists(desk.db, issue_id):
        issues.link_heal(desk.db, issue_id, row["id"])
