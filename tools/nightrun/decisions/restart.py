"""When a part that died is started again, when one is hung, who may ask for a restart (reliability.md S1-S4, S8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST_DELAY_S = 1.0
LONGEST_DELAY_S = 300.0
JITTER = 0.2
HEALTHY_S = 600.0  # a life this long clears the record
WINDOW_S = 600.0
MOST_DEATHS = 5  # in the window; one more stops the part
RETRY_S = 1800.0  # between two trials of a part that was stopped
HUNG_S = 90.0
REQUEST_EXPIRES_S = 900.0
MOST_REQUESTS = 3  # an hour for one target
DRAIN_S = 600.0  # for a task that runs to come to its end before its runner is restarted
HOUR = 3600.0

# Which part a reason of restart_requested.json is about; every other reason is about the runners.
API_REASONS = ("api_stale", "api_unreachable", "effectiveness_404", "metrics_404")
TARGETS = ("api", "runner", "monitor")
NO_TASK_RUNNING = "no_task_running"


# -- after a death


@dataclass(frozen=True)
class Life:
    """One run of a part, on a clock that never goes back. `wanted`: we ended it ourselves, that is no death."""

    started_at: float
    ended_at: float | None = None
    wanted: bool = False


@dataclass(frozen=True)
class Start:
    """Start it now. `trial`: it had been given up, one more death stops it again."""

    trial: bool = False


@dataclass(frozen=True)
class Wait:
    until: float


@dataclass(frozen=True)
class Stopped:
    """It died too often: not started before `until`, and a person should look."""

    until: float
    deaths: int


def decide(lives: Sequence[Life], now: float, *, jitter: float = 0.0) -> Start | Wait | Stopped:
    """What to do with a part that does not run. `jitter` is a random number from -1 to 1, drawn once per death."""
    deaths = [one for one in lives if one.ended_at is not None and not one.wanted]
    in_a_row, given_up = _record(deaths)
    if in_a_row == 0 or not deaths:
        return Start()
    last = _end(deaths[-1])
    if given_up:
        until = last + RETRY_S
        return Start(trial=True) if now >= until else Stopped(until, len(deaths))
    until = last + _delay(in_a_row, jitter)
    return Start() if now >= until else Wait(until)


def _record(deaths: Sequence[Life]) -> tuple[int, bool]:
    """How many lives in a row ended too soon, and whether the part was given up after the last of them."""
    in_a_row, given_up = 0, False
    for number, life in enumerate(deaths):
        if _end(life) - life.started_at >= HEALTHY_S:
            in_a_row, given_up = 1, False
            continue
        in_a_row += 1
        recent = sum(_end(life) - _end(other) < WINDOW_S for other in deaths[: number + 1])
        given_up = given_up or recent > MOST_DEATHS
    return in_a_row, given_up


def _delay(in_a_row: int, jitter: float) -> float:
    plain = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(in_a_row - 1, 20))
    return plain * (1 + JITTER * max(-1.0, min(1.0, jitter)))


def _end(life: Life) -> float:
    assert life.ended_at is not None
    return life.ended_at


# -- alive but not moving


@dataclass(frozen=True)
class Beat:
    """The counter of a part's heartbeat file, and when we first saw it at this value."""

    pid: int
    counter: int
    since: float


def beat(before: Beat, pid: int, counter: int, now: float) -> Beat:
    """What is known after another look; the same value keeps its time."""
    return before if (before.pid, before.counter) == (pid, counter) else Beat(pid, counter, now)


def is_hung(last: Beat, now: float, limit_s: float = HUNG_S) -> bool:
    """`now` is on a clock that stands still while the machine sleeps."""
    return now - last.since >= limit_s


# -- requests


@dataclass(frozen=True)
class Request:
    reason: str
    target: str
    at: float


def read_request(said: Any, now: float) -> Request | str:
    """The request that a file's JSON holds, or why it is none."""
    if not isinstance(said, Mapping) or not isinstance(said.get("reason"), str) or not said["reason"]:
        return "it is not {reason, at}"
    at = _time(said.get("at"))
    if at is None:
        return "it has no time, neither in seconds nor as 2026-01-31T22:00:00Z"
    if not -60 <= now - at <= REQUEST_EXPIRES_S:
        return f"it is {now - at:.0f} s old" if at < now else "its time lies ahead"
    return Request(said["reason"], _target(said), at)


def _time(value: Any) -> float | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _target(said: Mapping[str, Any]) -> str:
    if said.get("target") in TARGETS:
        return str(said["target"])
    return "api" if said["reason"] in API_REASONS else "runner"


def drain_s(request: Request) -> float:
    """How long what runs may take before the part is ended; 0 where the part itself is what hangs, or holds no task."""
    return DRAIN_S if request.target == "runner" and request.reason != NO_TASK_RUNNING else 0.0


def too_many(earlier: Sequence[Request], target: str, now: float) -> bool:
    return sum(one.target == target and 0 <= now - one.at < HOUR for one in earlier) >= MOST_REQUESTS
