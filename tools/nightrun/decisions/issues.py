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


def key(finding: Finding) -> Key:
    return finding.condition, finding.fingerprint


def step(
    seen: Iterable[Finding],
    *,
    known: Mapping[Key, Known],
    still_open: Iterable[Key],
    holds: Mapping[str, float],
    now: float,
    timers_from: float = 0.0,
) -> list[Finding]:
    """The findings to send.

    A condition with a hold is pending until it was seen for that long, and its open issue stays pending until it was
    absent for that long. `timers_from` is when the machine last woke: what lasted before that is not counted.
    """
    findings = _once(seen)
    opened = set(still_open)
    said = [_after_hold(one, known, opened, holds, now, timers_from) for one in findings.values()]
    unknown = {one.condition for one in findings.values() if one.state == UNKNOWN}
    gone = [one for one in opened if one not in findings and one[0] not in unknown]
    return said + [one for key in gone for one in _clearing(key, known, holds, now, timers_from)]


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
    holds: Mapping[str, float],
    now: float,
    timers_from: float,
) -> Finding:
    hold = holds.get(finding.condition, 0.0)
    if finding.state != FIRING or hold <= 0 or key(finding) in opened:
        return finding
    lasted = _lasted(known.get(key(finding)), (PENDING, FIRING), now, timers_from)
    return finding if lasted >= hold else replace(finding, state=PENDING)


def _clearing(
    gone: Key, known: Mapping[Key, Known], holds: Mapping[str, float], now: float, timers_from: float
) -> list[Finding]:
    """Nothing when it stayed away long enough: then the issue is resolved."""
    hold = holds.get(gone[0], 0.0)
    if hold <= 0 or _lasted(known.get(gone), (PENDING,), now, timers_from) >= hold:
        return []
    return [Finding(condition=gone[0], fingerprint=gone[1], state=PENDING, message="not seen any more")]


def _lasted(known: Known | None, states: tuple[str, ...], now: float, timers_from: float) -> float:
    if known is None or known.state not in states:
        return 0.0
    return now - max(known.since, timers_from)
