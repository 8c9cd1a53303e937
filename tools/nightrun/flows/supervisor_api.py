"""Whether the API answers, and with which build: what the supervisor asks it every few seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from nightrun.hands import build, clock
from nightrun.hands.client import ApiAway, Client, Refused
from nightrun.words.errors import NightrunError

NOT_FOUND = 404


@dataclass
class Probe:
    """Asks the API itself, never what it depends on (reliability.md S3)."""

    client: Client
    every_s: float
    timeout_s: float
    most_failures: int
    routes_every_s: float
    failures: int = 0
    missing: int = 0
    tried: set[str] = field(default_factory=set)  # builds that were restarted once already
    _next: float = field(default_factory=clock.monotonic)
    _next_routes: float = field(default_factory=clock.monotonic)

    def is_ready(self) -> bool:
        return self._health() is not None

    def reset(self) -> None:
        """After a start: it gets a fresh chance."""
        self.failures = self.missing = 0
        self._next = clock.monotonic() + self.every_s
        self._next_routes = clock.monotonic() + self.routes_every_s

    def why_restart(self) -> str | None:
        """A reason to restart the API, when there is one; asks only when it is time to."""
        if clock.monotonic() < self._next:
            return None
        self._next = clock.monotonic() + self.every_s
        running = self._health()
        if running is None:
            self.failures += 1
            return f"no answer to {self.failures} probes" if self.failures >= self.most_failures else None
        self.failures = 0
        return self._old_build(running)

    def _old_build(self, running: str) -> str | None:
        """A route is missing because an upgrade was installed under the running API (reliability.md A12).

        The same with the installed build is not helped by a restart, nor is a build that comes back: the monitor makes
        it an issue.
        """
        if clock.monotonic() < self._next_routes:
            return None
        self._next_routes = clock.monotonic() + self.routes_every_s
        self.missing = self.missing + 1 if self._lacks_route() else 0
        installed = build.build_id() if self.missing >= 2 and running not in self.tried else running
        if installed == running:
            return None
        self.tried.add(running)
        return f"metrics are 404: build {running} runs, {installed} is installed"

    def _health(self) -> str | None:
        try:
            return str(self.client.health(timeout_s=self.timeout_s).get("build_id"))
        except NightrunError:
            return None

    def _lacks_route(self) -> bool:
        try:
            self.client.metrics()
        except Refused as error:
            return error.status == NOT_FOUND
        except ApiAway:
            return False
        return False
