"""Telling people what a look found: beside the monitor, in a thread of its own, so that no service can hold it up."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from nightrun.decisions import notifying
from nightrun.decisions.notifying import Message, State
from nightrun.flows.monitor_look import Looked
from nightrun.hands import clock, environment, files, notifier, policy_file, state_file
from nightrun.hands.client import Client
from nightrun.hands.notifier import Answer
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Notify, Policy
from nightrun.words.errors import NightrunError

log = logging.getLogger("nightrun.monitor")


def kept(state: StateDir) -> Path:
    """What people were told, and what they are about to be told."""
    return state.path / "notify.json"


@dataclass
class Herald:
    """Called after each look. While it still tells, further looks only wait: what they found is told by a later one."""

    root: Path
    client: Client
    policy: Callable[[], Policy]
    timeout_s: float = notifier.TIMEOUT_S
    _thread: threading.Thread | None = None
    _problem: str = ""
    _known: State | None = None
    _state: StateDir = field(init=False)

    def __post_init__(self) -> None:
        self._state = StateDir(self.root)

    def __call__(self, looked: Looked) -> None:
        settings = self.policy().notify
        urls = _urls(self.root, settings)
        if self.is_telling or not (urls or settings.command):
            return
        # A daemon: the end of the monitor does not wait for a service.
        self._thread = threading.Thread(target=self._survive, args=(looked, settings, urls), name="herald", daemon=True)
        self._thread.start()

    @property
    def is_telling(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """Until it has told."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _survive(self, looked: Looked, settings: Notify, urls: list[str]) -> None:
        try:
            self._tell(looked, settings, urls)
        except Exception as error:
            self._say(f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}")

    def _tell(self, looked: Looked, settings: Notify, urls: list[str]) -> None:
        now, name = looked.at, self.root.name
        issues = [*looked.issues, *notifying.fatal(state_file.read_object(self._state.fatal_issues))]
        # A state that cannot be written must not lead to the same message at every look.
        before = self._known or notifying.read(files.read_json(kept(self._state)))
        state = notifying.follow(before, issues, settings, sure=looked.reached, now=now)
        message = notifying.due(state, settings, name, now=now)
        if message is not None:
            state = self._sent(state, message, settings, urls, now)
        day = notifying.report_day(state, settings, now=now)
        if day is not None:
            message = notifying.report(self.client.snapshot(), name)
            state = replace(self._sent(state, message, settings, urls, now), reported=day)
        self._known = state
        if state != before:
            files.write_json(kept(self._state), state.to_json())

    def _sent(self, state: State, message: Message, settings: Notify, urls: list[str], now: float) -> State:
        """Accepted by one is told: to say it again would tell that one twice."""
        answers = _send(self.root, message, settings, urls, self.timeout_s)
        bad = "; ".join(f"{one.to}: {one.said}" for one in answers if not one.ok)
        self._say(bad)
        if any(one.ok for one in answers):
            return replace(notifying.accepted(state, message, now=now), problem=bad)
        return notifying.refused(state, bad, now=now)

    def _say(self, problem: str) -> None:
        """Once for each kind of trouble, not once a minute."""
        if problem != self._problem:
            self._problem = problem
            log.warning("people could not be told: %s", problem) if problem else log.info("people are told again")


def _urls(root: Path, settings: Notify) -> list[str]:
    found = [environment.lookup(root, name) for name in settings.urls_from]
    return [one for one in found if one.strip()]


def _send(root: Path, message: Message, settings: Notify, urls: list[str], timeout_s: float) -> list[Answer]:
    said = message.to_json(at=clock.now(), repository=str(root))
    return notifier.send(said, urls=urls, command=settings.command, root=root, timeout_s=timeout_s)


# -- for a person who asks


def set_up(root: Path) -> dict[str, Any]:
    """Who would be told, and what was; no address, for that may hold a token."""
    settings = policy_file.load(root).notify
    state = notifying.read(files.read_json(kept(StateDir(root))))
    told = [asdict(one) for one in state.seen.values() if one.told_at is not None]
    return {
        "services": notifier.kinds(_urls(root, settings)),
        "urls_from": list(settings.urls_from),
        "command": list(settings.command) if settings.command else None,
        "severity": settings.severity,
        "quiet": settings.quiet,
        "report_at": settings.report_at,
        "told_at": state.told_at,
        "problem": state.problem,
        "told": told,
    }


def test(root: Path) -> list[Answer]:
    """Send a message now; NightrunError when there is nobody to send it to."""
    settings = policy_file.load(root).notify
    urls = _urls(root, settings)
    if not urls and not settings.command:
        names = " or ".join(settings.urls_from) or "a variable of notify.urls_from"
        raise NightrunError(
            "Nobody is told anything here.",
            f"Set {names} to an address such as ntfy://my-topic (see notify in pipeline.yaml), or notify.command.",
        )
    return _send(root, notifying.trial(root.name), settings, urls, notifier.TIMEOUT_S)
