"""From what conditions see in one look to what is said: once each, when it lasts, and over when it stays away."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from nightrun.words.issue import FIRING, OK, PENDING, UNKNOWN, Finding

Key = tuple[str, str]  # condition and fingerprint
_WORST_FIRST = (FIRING, PENDING, UNKNOWN, OK)


@dataclass(frozen=True)
class Known:
    """What was said about one key in the look before."""

    state: str
    since: float  # seconds since the epoch


@dataclass(frozen=True)
class Wait:
    """How long a condition must be seen before it is an issue, and not be seen before that is over; in seconds."""

    hold: float = 0.0
    over_after: float = 0.0


AT_ONCE = Wait()


def key(finding: Finding) -> Key:
    return finding.condition, finding.fingerprint


def step(
    seen: Iterable[Finding],
    *,
    known: Mapping[Key, Known],
    still_open: Iterable[Key],
    waits: Mapping[str, Wait],
    now: float,
    timers_from: float = 0.0,
    watched: Iterable[str] = (),
) -> list[Finding]:
    """The findings to send.

    A condition with a hold is pending until it was seen for that long, and its open issue stays pending until it was
    absent long enough. `timers_from` is when the machine last woke: what lasted before that does not make an issue.
    Of the conditions `watched` those that say nothing are ok.
    """
    findings = _once(seen)
    opened = set(still_open)
    said = [_after_hold(one, known, opened, waits, now, timers_from) for one in findings.values()]
    unknown = {one.condition for one in findings.values() if is_blind(one)}
    gone = [one for one in opened if one not in findings and one[0] not in unknown]
    said += [one for key in gone for one in _clearing(key, known, waits, now)]
    speaking = {one.condition for one in said}
    return said + [Finding(condition=name, state=OK) for name in watched if name not in speaking]


def is_blind(finding: Finding) -> bool:
    """Whether nothing is known of the whole condition, and not only of one kind of what it looks for."""
    return finding.state == UNKNOWN and not finding.fingerprint


def _once(seen: Iterable[Finding]) -> dict[Key, Finding]:
    """The worst of the findings with the same key."""
    kept: dict[Key, Finding] = {}
    for one in seen:
        before = kept.get(key(one))
        if before is None or _WORST_FIRST.index(one.state) < _WORST_FIRST.index(before.state):
            kept[key(one)] = one
    return kept


def _after_hold(
    finding: Finding,
    known: Mapping[Key, Known],
    opened: set[Key],
    waits: Mapping[str, Wait],
    now: float,
    timers_from: float,
) -> Finding:
    hold = waits.get(finding.condition, AT_ONCE).hold
    if finding.state != FIRING or hold <= 0 or key(finding) in opened:
        return finding
    lasted = _lasted(known.get(key(finding)), (PENDING, FIRING), now, timers_from)
    return finding if lasted >= hold else replace(finding, state=PENDING)


def _clearing(gone: Key, known: Mapping[Key, Known], waits: Mapping[str, Wait], now: float) -> list[Finding]:
    """Nothing when it stayed away long enough: then the issue is resolved."""
    wait = waits.get(gone[0], AT_ONCE)
    needed = max(wait.hold, wait.over_after)
    # A machine that sleeps every night would else never be done with an issue.
    if needed <= 0 or _lasted(known.get(gone), (PENDING,), now, 0.0) >= needed:
        return []
    return [Finding(condition=gone[0], fingerprint=gone[1], state=PENDING, message="not seen any more")]


def _lasted(known: Known | None, states: tuple[str, ...], now: float, timers_from: float) -> float:
    if known is None or known.state not in states:
        return 0.0
    return now - max(known.since, timers_from)
