"""What people are told and when: issues that last, once each, and once that they are over; never in quiet hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from nightrun.decisions import lines, page
from nightrun.words import task as words
from nightrun.words.issue import SEVERITIES

Facts = Mapping[str, Any]

TEXT_CHARS = 300
MOST_LINES = 12  # of issues in one message
MOST_KEPT = 500  # issues that are remembered
REPORT_WITHIN_MIN = 120  # a report that could not be sent so long is left out
FIRST_WAIT_S = 60.0  # before a message that was not accepted is tried again; doubles
LONGEST_WAIT_S = 3600.0
DAY = 86_400.0
PROBLEM, OVER, REPORT, TEST = "problem", "over", "report", "test"
FATAL = "fatal"


class Settings(Protocol):
    """The policy's section `notify`."""

    severity: Any
    quiet: str | None
    debounce: float
    report_at: str | None


@dataclass(frozen=True, kw_only=True)
class Message:
    """What is sent, and what a program of the person's own gets as JSON."""

    kind: str  # PROBLEM (also when others are over), OVER, REPORT, TEST
    title: str
    text: str
    severity: str | None = None  # of the worst issue
    issues: tuple[str, ...] = ()  # keys, in the state below
    over: tuple[str, ...] = ()

    def to_json(self, *, at: float, repository: str) -> dict[str, Any]:
        said = {"kind": self.kind, "title": self.title, "text": self.text, "severity": self.severity}
        return {**said, "issues": list(self.issues), "over": list(self.over), "at": at, "repository": repository}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One issue as people know it."""

    severity: str
    message: str
    since: float  # when it was seen first
    told_at: float | None = None
    gone_since: float | None = None


@dataclass(frozen=True, kw_only=True)
class State:
    """What is remembered between two looks, and between two runs."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    reported: str = ""  # the day of the last report
    told_at: float | None = None  # the last message that was accepted
    problem: str = ""  # why the last one was not
    tries: int = 0  # since then
    next_try: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read(kept: object) -> State:
    """The state in a file that anybody may have edited; what cannot be used is left out."""
    said = kept if isinstance(kept, dict) else {}
    seen = said.get("seen")
    try:
        items = list(seen.items())[:MOST_KEPT] if isinstance(seen, dict) else []
        known = {str(name): Seen(**one) for name, one in items}
        rest = {name: said[name] for name in ("reported", "told_at", "problem", "tries", "next_try") if name in said}
        found = State(seen=known, **rest)
        numbers = [found.tries, found.next_try, found.told_at or 0.0, *(one.since for one in known.values())]
        return found if all(type(one) in (int, float) for one in numbers) else State()
    except TypeError:
        return State()


# -- what is seen


def follow(state: State, issues: Iterable[Facts], settings: Settings, *, sure: bool, now: float) -> State:
    """With the open issues of a look. `sure` is False while the API is away: nothing is over then."""
    wanted = SEVERITIES[: SEVERITIES.index(settings.severity) + 1]
    opened = {key(one): one for one in issues if one.get("severity") in wanted}
    after: dict[str, Seen] = {}
    for name, one in opened.items():
        before = state.seen.get(name)
        message = f"{lines.safe(one['condition'])}: {lines.safe(one.get('message'), TEXT_CHARS)}"
        since = before.since if before else now
        told = before.told_at if before else None
        after[name] = Seen(severity=one["severity"], message=message, since=since, told_at=told)
    for name, was in state.seen.items():
        if name not in opened and not sure:
            after[name] = was
        elif name not in opened and was.told_at is not None:
            after[name] = replace(was, gone_since=was.gone_since or now)
    return replace(state, seen=after)


def key(issue: Facts) -> str:
    return lines.safe(f"{issue['condition']} {issue.get('fingerprint') or ''}".strip(), 120)


def fatal(said: Facts) -> list[dict[str, Any]]:
    """What the supervisor gave up on, as an issue; empty when nothing."""
    if not said:
        return []
    message = f"{said.get('reason')}: {said.get('detail')}"
    return [{"condition": FATAL, "fingerprint": said.get("reason"), "severity": SEVERITIES[0], "message": message}]


# -- what is told


def due(state: State, settings: Settings, name: str, *, now: float, zone: tzinfo | None = None) -> Message | None:
    """One message for all that is to be told now, None for nothing. `name` is that of the project."""
    if now < state.next_try or is_quiet(settings, now, zone):
        return None
    new = [
        (one, seen)
        for one, seen in state.seen.items()
        if seen.told_at is None and seen.gone_since is None and now - seen.since >= settings.debounce
    ]
    over = [
        (one, seen)
        for one, seen in state.seen.items()
        if seen.gone_since is not None and now - seen.gone_since >= settings.debounce
    ]
    return (
        _message(sorted(new, key=lambda each: SEVERITIES.index(each[1].severity)), over, name) if new or over else None
    )


def _message(new: Sequence[tuple[str, Seen]], over: Sequence[tuple[str, Seen]], name: str) -> Message:
    parts = [lines.count(len(new), "new issue")] if new else []
    parts += [f"{len(over)} over"] if over else []
    told = [f"{seen.severity}: {seen.message}" for _, seen in new] + [f"over: {seen.message}" for _, seen in over]
    more = [f"and {len(told) - MOST_LINES} more"] if len(told) > MOST_LINES else []
    hint = ["See `make status`; `make explain TASK=<condition>` tells why."] if new else []
    return Message(
        kind=PROBLEM if new else OVER,
        title=f"nightrun {lines.safe(name, 60)}: {', '.join(parts)}",
        text="\n".join([*told[:MOST_LINES], *more, *hint]),
        severity=new[0][1].severity if new else None,
        issues=tuple(one for one, _ in new),
        over=tuple(one for one, _ in over),
    )


def accepted(state: State, message: Message, *, now: float) -> State:
    """After a message was sent: what it told is not told again."""
    seen = {name: one for name, one in state.seen.items() if name not in message.over}
    told = {name: replace(seen[name], told_at=now) for name in message.issues if name in seen}
    return replace(state, seen={**seen, **told}, told_at=now, problem="", tries=0, next_try=0.0)


def refused(state: State, problem: str, *, now: float) -> State:
    """After a message was not sent: it is due again, ever later."""
    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(state.tries, 20))
    problem = lines.safe(problem, TEXT_CHARS)
    return replace(state, problem=problem, tries=state.tries + 1, next_try=now + wait)


# -- the time of day


def is_quiet(settings: Settings, now: float, zone: tzinfo | None = None) -> bool:
    return settings.quiet is not None and is_within(settings.quiet, f"{_local(now, zone):%H:%M}")


def is_within(span: str, time: str) -> bool:
    """Whether a time of day lies in a span, which may go over midnight; its end does not belong to it."""
    begin, _, end = span.partition("-")
    return begin <= time < end if begin < end else time >= begin or time < end


def _local(now: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(now, UTC).astimezone(zone)


def report_day(state: State, settings: Settings, *, now: float, zone: tzinfo | None = None) -> str | None:
    """The day whose report is to be sent now; None when none is."""
    if settings.report_at is None or now < state.next_try:
        return None
    local = _local(now, zone)
    hour, _, minute = settings.report_at.partition(":")
    late = local.hour * 60 + local.minute - int(hour) * 60 - int(minute)
    day = f"{local:%Y-%m-%d}"
    return day if 0 <= late < REPORT_WITHIN_MIN and state.reported != day else None


def report(snapshot: Facts, name: str) -> Message:
    """The last 24 hours in a few lines, what needs a person first."""
    now, counts = snapshot["now"], snapshot["counts"]
    ended = [one for one in snapshot["finished"] if now - one["finished_at"] < DAY]
    completed = sum(one["status"] == words.COMPLETED for one in ended)
    landed = sum(one["commit_state"] == words.COMMIT_LANDED for one in ended)
    at_least = "at least " if ended and len(ended) == len(snapshot["finished"]) else ""
    short = f"{at_least}{completed} completed, {len(ended) - completed} failed, {landed} landed in 24 hours"
    queue = f"{counts[words.RUNNING]} running, {counts[words.PENDING]} waiting"
    week = [f"7 days: {lines.percent(snapshot['window'])}"] if snapshot["window"]["total"] else []
    open_points = [one.text for one in page.attention(snapshot)]
    shown = open_points[:MOST_LINES] + ([f"and {len(open_points) - MOST_LINES} more"] * (len(open_points) > MOST_LINES))
    needs = [f"{lines.count(len(open_points), 'thing needs', 'things need')} you:", *shown] if shown else []
    text = "\n".join([*needs, short, queue, *week])
    return Message(kind=REPORT, title=f"nightrun {lines.safe(name, 60)}: {short}", text=text)


def trial(name: str) -> Message:
    title = f"nightrun {lines.safe(name, 60)}: a test"
    return Message(kind=TEST, title=title, text="This is a test. Issues of your runs will arrive here.")
