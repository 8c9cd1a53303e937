"""What the conditions would have said to a history: when each fired, and when it was over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from nightrun import conditions
from nightrun.decisions import issues, muting
from nightrun.decisions.issues import Key, Known, Wait
from nightrun.words.errors import WrongUse
from nightrun.words.issue import FIRING, PENDING, Finding

FIRED = "fired"
AGAIN = "fired again"
RESOLVED = "resolved"
AGAIN_WITHIN_S = 7 * 86_400.0  # as in the store: what comes back sooner is the same issue

# Whether the monitor itself is late is for others to see, as in the live monitor.
CONDITIONS = tuple(one for one in conditions.ALL if one is not conditions.monitor_stale)

SettingsOf = Callable[[str], Any]


@dataclass(frozen=True, kw_only=True)
class Event:
    at: float
    what: str  # FIRED, AGAIN or RESOLVED
    condition: str
    fingerprint: str
    severity: str
    message: str
    heal: bool  # whether it asks for a heal; the caps may still say no


@dataclass
class Replay:
    """A monitor without a clock, an API or a store."""

    settings_of: SettingsOf
    most: int = 10
    only: Sequence[ModuleType] = CONDITIONS
    opened: dict[Key, dict[str, Any]] = field(default_factory=dict)
    said: list[Finding] = field(default_factory=list)  # in the last look
    _closed: dict[Key, dict[str, Any]] = field(default_factory=dict)
    _known: dict[Key, Known] = field(default_factory=dict)

    def look(self, snapshot: Mapping[str, Any]) -> list[Event]:
        now = float(snapshot["now"])
        seen = {**snapshot, "issues": self._opened(), "resolved": self._resolved_lately(now)}
        findings = self._judged(muting.muted(self._detected(seen, now), seen), now)
        self.said = findings
        self._remember(findings, now)
        return [*self._fired(findings, now), *self._resolved(findings, now)]

    def _opened(self) -> list[dict[str, Any]]:
        quiet = {key: one.since for key, one in self._known.items() if one.state == PENDING}
        return [{**one, "quiet_since": quiet.get(key)} for key, one in self.opened.items()]

    def _resolved_lately(self, now: float) -> list[dict[str, Any]]:
        return [one for one in self._closed.values() if now - one["resolved_at"] < AGAIN_WITHIN_S]

    def _detected(self, snapshot: Mapping[str, Any], now: float) -> list[Finding]:
        found: list[Finding] = []
        for condition in self.only:
            settings = self.settings_of(condition.NAME)
            if settings.on:
                found += _detect(condition, settings, snapshot, now)
        return found

    def _judged(self, findings: Sequence[Finding], now: float) -> list[Finding]:
        settings = {one.NAME: self.settings_of(one.NAME) for one in self.only}
        waits = {name: Wait(one.hold, one.over_after) for name, one in settings.items()}
        said = issues.step(findings, known=self._known, still_open=list(self.opened), waits=waits, now=now)
        known = [(one["condition"], one["fingerprint"]) for one in self._resolved_lately(now)]
        lately = muting.opened_lately([*self.opened.values(), *self._closed.values()], now)
        return muting.gathered(said, list(self.opened), known, lately=lately, most=self.most)

    def _remember(self, findings: Sequence[Finding], now: float) -> None:
        before = self._known
        self._known = {}
        for one in findings:
            known = before.get(issues.key(one))
            since = known.since if known is not None and known.state == one.state else now
            self._known[issues.key(one)] = Known(one.state, since)

    def _fired(self, findings: Sequence[Finding], now: float) -> list[Event]:
        events = []
        for one in findings:
            if one.state != FIRING:
                continue
            key, old = issues.key(one), self.opened.get(issues.key(one))
            if old is None:
                closed = self._closed.pop(key, None)
                again = closed is not None and now - closed["resolved_at"] < AGAIN_WITHIN_S
                events.append(_event(one, AGAIN if again else FIRED, now))
                old = closed if closed is not None and again else {"id": f"i{len(self.opened)}", "first_seen": now}
            self.opened[key] = {**old, **_issue(one)}
        return events

    def _resolved(self, findings: Sequence[Finding], now: float) -> list[Event]:
        """As the store does it: what is said in any way stays open."""
        held = {issues.key(one) for one in findings}
        unknown = {one.condition for one in findings if issues.is_blind(one)}
        events = []
        for key in [one for one in self.opened if one not in held and one[0] not in unknown]:
            one = self.opened.pop(key)
            self._closed[key] = {**one, "status": "resolved", "resolved_at": now}
            named = Finding(
                condition=key[0],
                fingerprint=key[1],
                state=FIRING,
                severity=one["severity"],
                message=one["message"],
            )
            events.append(_event(named, RESOLVED, now))
        return events


def run(snapshots: Iterable[Mapping[str, Any]], settings_of: SettingsOf, *, most: int = 10) -> tuple[list[Event], int]:
    """All events, and how many looks there were."""
    replay, events, looks = Replay(settings_of, most), list[Event](), 0
    for one in snapshots:
        events += replay.look(one)
        looks += 1
    return events, looks


def _detect(condition: ModuleType, settings: Any, snapshot: Mapping[str, Any], now: float) -> list[Finding]:
    try:
        found: list[Finding] = condition.detect(snapshot, settings, now)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        kind = f"{type(error).__name__}: {error}"
        raise WrongUse(
            f"{condition.NAME} cannot read the snapshot of {now:.0f}: {kind}.",
            "A snapshot has the form of what GET /api/agent/snapshot answers; leave a key out that is not known.",
        ) from error
    return found


def _event(finding: Finding, what: str, now: float) -> Event:
    return Event(
        at=now,
        what=what,
        condition=finding.condition,
        fingerprint=finding.fingerprint,
        severity=finding.severity,
        message=finding.message,
        heal=bool(finding.direction) and what != RESOLVED,
    )


def _issue(finding: Finding) -> dict[str, Any]:
    return {
        "condition": finding.condition,
        "fingerprint": finding.fingerprint,
        "severity": finding.severity,
        "message": finding.message,
        "suggested_action": finding.suggested_action,
        "direction": finding.direction,
        "status": "open",
        "evidence": dict(finding.evidence),
    }
