"""The monitor process: looks at the run every minute, says what it found, and asks for heals and restarts."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from nightrun.decisions import restart, rounds
from nightrun.decisions.rounds import Rounds
from nightrun.flows import monitor_look
from nightrun.flows.monitor_look import Looked, Memory
from nightrun.flows.monitor_notify import Herald
from nightrun.hands import clock, environment, files, git_patch, hooks, state_file
from nightrun.hands.client import Client
from nightrun.hands.environment import Environment
from nightrun.hands.heartbeat import Heart
from nightrun.hands.policy_file import Keeper
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words.errors import NightrunError
from nightrun.words.task import Task

TICK_S = 0.25
BEAT_S = 10.0
RETRY_S = 30.0  # at most, after a look that failed: three of them before the monitor gives itself up
SLEPT_S = 30.0  # a gap this long between the clocks means that the machine slept (reliability.md D10)
DIFF_CHARS = 6_000
ASKED_KEPT_S = 7 * 86_400.0
HOOKS_EVERY_S = 300.0

log = logging.getLogger("nightrun.monitor")


@dataclass
class Monitor:
    """All that a round needs; nothing of it outlives the process but what is in the state folder."""

    state: StateDir
    client: Client
    policy: Callable[[], Policy]
    facts: Callable[[], Mapping[str, Any]]
    auto_fix: bool
    heart: Heart
    stop: threading.Event = field(default_factory=threading.Event)
    memory: Memory = field(default_factory=Memory)
    tell: Callable[[Looked], object] = lambda _looked: None  # people; it must not take time
    _asleep: float = field(default_factory=clock.asleep)

    def run(self) -> int:
        """Look, rest, look ... A round that fails is survived, as the next may go well; when none does, it ends."""
        self.memory.asked = _remembered(self.state)
        going = Rounds()
        while not self.stop.is_set():
            self.heart.beat()
            going = going.after(well=self._survive(), now=clock.monotonic())
            if going.are_hopeless(clock.monotonic()):
                log.error(rounds.said())
                return rounds.EXIT_CODE
            interval = self.policy().monitor.interval
            self._rest(interval if going.failing_since is None else min(interval, RETRY_S))
        return 0

    def _survive(self) -> bool:
        """Whether a round went well. Full disk and the like are what it is there to tell about, no reason to end."""
        try:
            self.tell(self.round())
        except (OSError, NightrunError) as error:
            log.warning("this look was not finished: %s", error)
        except Exception:
            log.exception("this look failed")
            return False
        return True

    def round(self) -> Looked:
        policy, now = self.policy(), clock.now()
        looked = monitor_look.look(
            self.client, policy, self.memory, self.facts(), auto_fix=self.auto_fix, now=now, diff_of=self._diff
        )
        self._ask_restart(looked, now)
        self._record(looked)
        return looked

    def _diff(self, task: Task) -> str:
        """What the last attempt changed; its objects are in this repository, kept or not yet swept away."""
        if not task.base or not task.tree:
            return ""
        return git_patch.between(self.state.root, task.base, task.tree, DIFF_CHARS)

    # -- files

    def _ask_restart(self, looked: Looked, now: float) -> None:
        """Not while a request is waiting for the supervisor."""
        if looked.restart is None:
            return
        waiting = files.read_json(self.state.restart_requested)
        if waiting is not None and isinstance(restart.read_request(waiting, now), restart.Request):
            return
        files.write_json(self.state.restart_requested, looked.restart)
        self.memory.asked = [one for one in self.memory.asked if now - one["at"] < ASKED_KEPT_S] + [looked.restart]
        log.warning("restart of %s requested: %s", looked.restart["target"], looked.restart["reason"])

    def _record(self, looked: Looked) -> None:
        said = {
            "issues": looked.issues,
            "last_check": looked.at,
            "resolved_since_last": looked.resolved,
            "findings": [asdict(one) for one in looked.findings],
            "restarts_asked": self.memory.asked,
        }
        files.write_json(self.state.monitor_issues, said)

    # -- time

    def _rest(self, seconds: float) -> None:
        """So long, or until somebody asks for a look by making the file `look_requested`."""
        asked = look_requested(self.state)
        end = clock.monotonic() + seconds
        next_beat = clock.monotonic() + BEAT_S
        while clock.monotonic() < end and not self.stop.wait(min(TICK_S, max(0.0, end - clock.monotonic()))):
            self._notice_sleep()
            if clock.monotonic() >= next_beat:
                self.heart.beat()
                next_beat += BEAT_S
            if asked.exists():
                asked.unlink(missing_ok=True)
                return

    def _notice_sleep(self) -> None:
        asleep = clock.asleep()
        if asleep - self._asleep > SLEPT_S:
            self.memory.resumed_at = clock.now()
            log.info("the machine slept for %.0f s; timers start anew", asleep - self._asleep)
        self._asleep = asleep


def look_requested(state: StateDir) -> Path:
    """A file that asks for a look at once."""
    return state.path / "look_requested"


def run(root: Path) -> int:
    """Until SIGTERM or SIGINT; the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s monitor %(levelname)s %(message)s")
    state = StateDir(root).create()
    keeper, settings = Keeper(root), environment.read(root)
    monitor = Monitor(
        state=state,
        client=Client.for_repo(root, timeout_s=monitor_look.PROBE_TIMEOUT_S),
        policy=keeper.current,
        facts=_Facts(state, keeper, settings),
        auto_fix=settings.auto_fix,
        heart=Heart(state.heartbeat("monitor")),
    )
    monitor.tell = Herald(root, Client.for_repo(root), keeper.current)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: monitor.stop.set())
    log.info(
        "looking every %g s; heals are %s", keeper.current().monitor.interval, "on" if settings.auto_fix else "off"
    )
    code = monitor.run()
    log.info("stopped")
    return code


class _Facts:
    """What only this machine knows."""

    def __init__(self, state: StateDir, keeper: Keeper, settings: Environment) -> None:
        self._state, self._keeper, self._settings = state, keeper, settings
        self._hooks: list[str] | None = None
        self._hooks_next = 0.0
        self._never_there: set[str] = set()

    def __call__(self) -> dict[str, Any]:
        policy = self._keeper.current()
        return {
            "policy_problem": self._keeper.problem or "",
            "hook_problems": self._hook_problems(policy),
            "auto_commit": self._settings.auto_commit,
            "runner_started_at": self._runner_started_at(),
        }

    def _hook_problems(self, policy: Policy) -> list[str] | None:
        """Looked for now and then only, it asks git. Hooks that were missing at the start were not tampered with."""
        if clock.monotonic() < self._hooks_next:
            return self._hooks
        try:
            found = hooks.check(self._state.root, hooks.values_of(policy))
        except NightrunError as error:
            log.warning("the hooks cannot be checked: %s", error.message)
            return None
        missing = {one.text for one in found if one.kind == "missing"}
        if not self._hooks_next:
            self._never_there = missing
        self._hooks = [one.text for one in found if one.text not in self._never_there]
        self._hooks_next = clock.monotonic() + HOOKS_EVERY_S
        return self._hooks

    def _runner_started_at(self) -> float | None:
        parts = state_file.read_object(self._state.run_json).get("parts") or {}
        starts = [one.get("started_at") for name, one in parts.items() if name.startswith("runner")]
        return max((one for one in starts if one is not None), default=None)


def _remembered(state: StateDir) -> list[dict[str, Any]]:
    """The restarts that an earlier monitor asked for."""
    asked = state_file.read_object(state.monitor_issues).get("restarts_asked")
    kept = asked if isinstance(asked, list) else []
    return [one for one in kept if isinstance(one, dict) and {"reason", "target", "at"} <= one.keys()]
