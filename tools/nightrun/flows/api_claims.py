"""The routes that runners use: claim, heartbeat, who is there, pauses."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from nightrun.flows import api_answers as answers
from nightrun.flows import api_bodies as bodies
from nightrun.flows.api_desk import Answer, AtDesk, Desk
from nightrun.hands import clock
from nightrun.hands.store import claims, pauses, runners, spent
from nightrun.words.task import Task

router = APIRouter(prefix="/api/agent", tags=["runners"])

RunnerName = Annotated[bodies.Text, Path(min_length=1, max_length=200)]


@router.post("/claim", response_model=Task, responses={204: {"description": "Nothing to do now"}})
async def claim(desk: AtDesk, body: bodies.Claim, request: Request) -> Response:
    """The next ready task, leased to this runner. Waits up to `wait_seconds` for one."""
    wanted = body.model_dump(exclude={"wait_seconds"})
    deadline = clock.monotonic() + body.wait_seconds
    known = _paused(desk)
    while not desk.closing:
        # A task handed to a connection that is gone would wait for its lease to run out.
        if await request.is_disconnected():
            break
        task = claims.claim(desk.db, **wanted, now=desk.now())
        if task is not None:
            return Answer(task)
        left = deadline - clock.monotonic()
        # The runner asked for types by the agents that were paused then: it is to choose anew.
        if left <= 0 or _paused(desk) != known:
            break
        await desk.bell.heard(min(left, _until_something_ends(desk)))
    return Response(status_code=204)


def _paused(desk: Desk) -> set[str]:
    return {str(one["scope"]) for one in pauses.active(desk.db, now=desk.now())}


def _until_something_ends(desk: Desk) -> float:
    """Seconds until a put-off task is ready or a pause is over by itself."""
    now = desk.now()
    times = (claims.next_ready_at(desk.db, now=now), pauses.next_end(desk.db, now=now))
    return max(0.01, min((when - now for when in times if when is not None), default=bodies.LONGEST_WAIT_S))


@router.post(
    "/tasks/{task_id}/heartbeat",
    response_model=answers.Lease,
    responses={404: {"model": answers.Refusal}, 409: {"model": answers.MoveRefusal}},
)
async def heartbeat(desk: AtDesk, task_id: str, body: bodies.Heartbeat) -> Answer:
    """Keep a claim for another three minutes. `stop` says that a person wants the attempt ended."""
    progress = body.model_dump(exclude_unset=True, include={"progress_pct", "current_step"})
    return Answer(claims.heartbeat(desk.db, task_id, body.fencing_token, progress, now=desk.now()))


@router.get("/runners")
async def listed(desk: AtDesk) -> Answer:
    return Answer({"runners": runners.listed(desk.db)})


@router.post("/runners/{name}")
async def report(desk: AtDesk, name: RunnerName, body: bodies.RunnerReport) -> Answer:
    """What a runner says about itself; fields that are not known are kept with it."""
    return Answer(runners.report(desk.db, name, body.model_dump(exclude_unset=True), now=desk.now()))


@router.get("/spent")
async def used(desk: AtDesk, since: bodies.Seconds, before: bodies.Seconds | None = None) -> Answer:
    """What attempts used that were started in this time, or since a person last gave the night its budget anew."""
    return Answer(spent.of_night(desk.db, since, now=desk.now(), before=before))


@router.get("/pauses")
async def paused(desk: AtDesk) -> Answer:
    return Answer({"pauses": pauses.active(desk.db, now=desk.now())})


@router.post("/pauses", status_code=201)
async def pause(desk: AtDesk, body: bodies.NewPause) -> Answer:
    """Stop intake, or the use of one agent. What runs goes on."""
    made = pauses.put(desk.db, **body.model_dump(), now=desk.now())
    desk.bell.ring()
    return Answer(made, 201)


@router.delete("/pauses")
async def resume(desk: AtDesk, body: bodies.EndedPause) -> Answer:
    """End a pause: `nightrun` only its own, a person both."""
    ended: dict[str, Any] = {"ended": pauses.end(desk.db, scope=body.scope, by=body.by, now=desk.now())}
    claims.wake(desk.db, body.scope.removeprefix("agent:"), now=desk.now())
    desk.bell.ring()
    return Answer(ended)
