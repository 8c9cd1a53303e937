"""Whether the monitor's looks arrive: a heart that beats does not say that anybody watches (reliability.md S4, A13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from nightrun.conditions import monitor_stale
from nightrun.decisions import restart
from nightrun.decisions.restart import Beat
from nightrun.hands import clock
from nightrun.hands.client import Client
from nightrun.words.errors import NightrunError
from nightrun.words.issue import Finding

GAP_S = 60.0  # between two answers of the API: what arrived meanwhile is not known


@dataclass
class Looks:
    """Time is that of this process: neither a clock that was set nor a machine that slept makes the monitor late."""

    client: Client
    settings: monitor_stale.Settings
    say: Callable[[str], None]
    _last: Beat | None = None
    _seen_at: float = 0.0
    _told: bool = False

    def judge(self, snapshot: Mapping[str, Any]) -> Finding | None:
        """The finding when none has arrived for too long; to be asked with each new snapshot."""
        now, arrived = clock.monotonic(), snapshot.get("last_evaluation")
        if self._last is None or now - self._seen_at > GAP_S:
            self._last = None
        self._seen_at = now
        counter = hash(arrived)
        self._last = restart.beat(self._last, 0, counter, now) if self._last else Beat(0, counter, now)
        wall = float(snapshot.get("now") or 0.0)
        since = wall - (now - self._last.since)
        late = {"started_at": since, "last_evaluation": since}
        found = monitor_stale.detect(late, self.settings, wall) if self.settings.on else []
        self._told = self._told and bool(found)
        return found[0] if found else None

    def start_anew(self) -> None:
        """The monitor was restarted: it has its time again."""
        self._last = None

    def tell(self, finding: Finding) -> None:
        """Open the issue, once; the next look of the monitor resolves it."""
        if self._told:
            return
        with suppress(NightrunError):
            self.client.send_findings([finding], whole=False)
            self._told = True
            self.say(f"{finding.condition}: {finding.message}")
