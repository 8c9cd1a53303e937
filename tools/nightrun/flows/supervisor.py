"""The supervisor: starts API, monitor and runners in order, brings back what dies or hangs, ends all in order."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from nightrun.conditions import monitor_stale
from nightrun.decisions import idle, lines, restart
from nightrun.decisions.restart import Request, Start, Stopped
from nightrun.flows import supervisor_upgrade
from nightrun.flows.supervisor_api import Probe
from nightrun.flows.supervisor_looks import Looks
from nightrun.flows.supervisor_part import Supervised
from nightrun.flows.supervisor_requests import Requests
from nightrun.flows.supervisor_signals import StopSignals
from nightrun.flows.supervisor_story import Story
from nightrun.flows.supervisor_upgrade import Upgrade
from nightrun.flows.supervisor_voice import Voice
from nightrun.hands import (
    clock,
    earlier_parts,
    environment,
    files,
    lock,
    marker,
    orphans,
    parent,
    process,
    rotation,
    state_file,
    tail,
)
from nightrun.hands.awake import Awake
from nightrun.hands.client import Client
from nightrun.hands.environment import Environment
from nightrun.hands.heartbeat import Heart
from nightrun.hands.service_manager import ServiceManager
from nightrun.hands.state_dir import StateDir
from nightrun.hands.survivors import Row
from nightrun.words import errors
from nightrun.words.errors import NightrunError, TryLater

INTERRUPTED = 130
NIGHT_S = 86_400.0  # at most
ANEW = -1  # no exit code: the run goes on as another build
HOURS_REASON = "the hours of this run are over"
# Exit codes of a part that say that it will not start either the next time.
HOPELESS = (errors.WrongUse.exit_code, errors.BadPolicy.exit_code)


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How often the supervisor looks and how long it waits, in seconds (reliability.md S3, S4, S7)."""

    tick: float = 0.25
    ask: float = 3.0  # for one answer of the API: one that hangs must not keep an ordered stop from its 45 s
    ready: float = 30.0  # for the API to answer after its first start
    probe: float = 10.0
    probe_timeout: float = 2.0
    probe_failures: int = 3
    grace: float = 30.0  # after a start of the API before probes count
    routes: float = 30.0
    build: float = 60.0  # between two looks at the installed files
    hung: float = 90.0
    hung_looks: float = 5.0  # also between two heartbeats of its own, for people who look
    rotation: float = 60.0
    story: float = 1.0
    settle: float = 1.0  # a run that looks idle has to look so for this long
    stop_runner: float = 25.0
    stop_monitor: float = 5.0
    stop_api: float = 12.0
    earlier: float = 15.0  # for parts that outlived their supervisor


def part_argv(root: Path, name: str) -> list[str]:
    kind = name.partition("-")[0]
    # -P: what lies in the repository is not to be imported instead of what is installed.
    argv = [sys.executable, "-P", "-m", "nightrun", "part", kind, "--repo", str(root)]
    return [*argv, "--name", name] if kind == "runner" else argv


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run is to do. `branch` is where work lands, whatever the person checks out meanwhile."""

    runners: int
    hours: float | None = None
    until_idle: bool = False
    settings: Environment = field(default_factory=Environment)
    branch: str | None = None
    monitor_stale: monitor_stale.Settings = field(default_factory=monitor_stale.Settings)
    log_bytes: int = rotation.LARGEST  # of the log of a part
    notes: tuple[str, ...] = ()  # what is to be said at the start
    keep_awake: bool = False
    task_logs: int = rotation.ALL_LARGEST  # of the logs of all attempts together


def run(
    root: Path,
    plan: Callable[[], Plan],
    *,
    say: Callable[[str], None],
    argv_for: Callable[[Path, str], Sequence[str]] = part_argv,
    pace: Pace | None = None,
) -> int:
    """Until it is stopped, its hours are over, or nothing is left to do; the exit code.

    `plan` is asked when no other supervisor can be at work here any more; TryLater when there is one.
    """
    state = StateDir(root).create()
    held = lock.hold(state.lock("supervisor"))
    if held is None:
        raise TryLater(
            f"nightrun already works on {root} (supervisor {_pid_in(state.lock('supervisor'))}).",
            "See it with `make monitor`, end it with `make stop`.",
        )
    try:
        voice = Voice(say, state.log("supervisor"))
        supervisor = Supervisor(root, state, plan(), voice, argv_for, pace or Pace())
        code = supervisor.run()
    finally:
        held.release()
    if code == ANEW:
        supervisor.manager.give_back()
        supervisor_upgrade.start_anew((supervisor.started_at, supervisor.begun))
    return code


def _pid_in(path: Path) -> str:
    try:
        return f"pid {path.read_text().strip()}"
    except OSError:
        return "pid unknown"


@dataclass
class Supervisor:
    root: Path
    state: StateDir
    plan: Plan
    say: Callable[[str], None]
    argv_for: Callable[[Path, str], Sequence[str]]
    pace: Pace
    spared: frozenset[Row] = field(default_factory=orphans.present)
    parts: list[Supervised] = field(default_factory=list)
    restarts: dict[str, int] = field(default_factory=dict)
    signals: StopSignals = field(default_factory=StopSignals)
    manager: ServiceManager = field(default_factory=ServiceManager)
    drains_since: float | None = None
    new_build: str | None = None  # which is installed; the runners finish what they have, then it takes over

    def run(self) -> int:
        self._prepare()
        with self.signals:
            try:
                return self._from_start_to_end()
            finally:
                self._stop()

    # -- start

    def _prepare(self) -> None:
        self.upgrade = Upgrade(self.pace.build, self.say)
        self.started_at, self.begun = supervisor_upgrade.take_since()
        for name in (environment.API_URL, environment.API_TOKEN):
            if os.environ.pop(name, None):
                self.say(f"{name} does not count here: this run has an API of its own")
        self.client = Client.for_repo(self.root, timeout_s=self.pace.ask)
        self.requests = Requests(self.state.restart_requested, self.say)
        self.probe = Probe(
            self.client, self.pace.probe, self.pace.probe_timeout, self.pace.probe_failures, self.pace.routes
        )
        self.story = Story(self.client, self.say, self.started_at, lively_s=self.pace.story, settle_s=self.pace.settle)
        self.story.always_lively = self.plan.until_idle
        self.looks = Looks(self.client, self.plan.monitor_stale, self.say)
        self.heart = Heart(self.state.heartbeat("supervisor"))
        self.parts = [self._part(name) for name in ("api", *self._runner_names(), "monitor")]
        self.awake = Awake(self.say)
        self._next_hung = self._next_rotation = clock.monotonic()
        process.become_subreaper()
        self._clear_up()
        onto = f", onto {self.plan.branch}" if self.plan.branch else ""
        self.say(f"working on {self.root}{onto}, with {lines.count(self.plan.runners, 'runner')}")
        for line in (*environment.said(self.plan.settings), *self.plan.notes):
            self.say(line)

    def _runner_names(self) -> list[str]:
        return [f"runner-{number}" for number in range(1, self.plan.runners + 1)]

    def _part(self, name: str) -> Supervised:
        stop_s = {"api": self.pace.stop_api, "monitor": self.pace.stop_monitor}.get(name, self.pace.stop_runner)
        return Supervised(
            name=name,
            argv=self.argv_for(self.root, name),
            cwd=self.root,
            env=self._environment(),
            log=self.state.log(name),
            heartbeat=self.state.heartbeat(name),
            stop_s=stop_s,
            say=self.say,
        )

    def _environment(self) -> dict[str, str]:
        """What the person set, also in `.env`, and whose child a part is."""
        own = (environment.API_URL, environment.API_TOKEN)
        values = {name: value for name, value in self.plan.settings.values.items() if name not in own}
        return {**os.environ, **values, parent.VARIABLE: str(os.getpid())}

    def _clear_up(self) -> None:
        """What an earlier run left: its requests are done by this start, its parts must not work beside ours."""
        self._end_earlier_parts()
        self.night_since = self._night()
        self.state.stop_requested.unlink(missing_ok=True)
        self.requests.forget()
        if files.read_json(self.state.fatal_issues) is not None:
            self.say("an earlier fatal issue is tried again by this start")
        self.state.fatal_issues.unlink(missing_ok=True)
        killed = process.sweep(marker.of_root(self.root))
        if killed:
            self.say(f"ended {lines.count(len(killed), 'process', 'processes')} that an earlier run left")

    def _night(self) -> float:
        """A run that was killed and is started again goes on with its night, and with what is left of its budget."""
        known = state_file.read_object(self.state.run_json).get("night_since")
        is_one = isinstance(known, (int, float)) and 0 <= self.started_at - known < NIGHT_S
        return float(known) if is_one and known else self.started_at

    def _end_earlier_parts(self) -> None:
        """Before its agents are swept: its runners say what became of their tasks."""
        said = state_file.read_object(self.state.run_json)
        if said.get("boot_id") != clock.boot_id():
            return
        parts = said.get("parts")
        each = [one for one in parts.values() if isinstance(one, dict)] if isinstance(parts, dict) else []
        known = [(one.get("pid"), one.get("start_time")) for one in each]
        left = [(pid, start) for pid, start in known if isinstance(pid, int) and isinstance(start, float)]
        if earlier_parts.alive(left):
            self.say("an earlier run lost its supervisor; waiting for its parts to end")
            earlier_parts.end(left, grace_s=self.pace.earlier)

    def _from_start_to_end(self) -> int:
        if not self._start_api():
            if not self.api.given_up:
                return self._asked_to_end() or 0
            return 1
        self.manager.ready()
        self._open_intake()
        self.story.follow()
        # Runners first: they are what a person waits for.
        for part in self.parts[1:]:
            self._start(part)
        while (code := self._why_end()) is None:
            self._round()
            self.signals.wait(self.pace.tick)
        return code

    @property
    def api(self) -> Supervised:
        return self.parts[0]

    @property
    def monitor(self) -> Supervised:
        return self.parts[-1]

    def _start_api(self) -> bool:
        """False when it does not come up, then nothing else is worth starting, or when the run is to end already."""
        self._start(self.api)
        end = clock.monotonic() + self.pace.ready
        while not self.signals.received and not self.state.stop_requested.exists():
            if self._api_is_ready():
                return True
            self._revive(self.api)
            hopeless = self.api.last_code in HOPELESS
            if self.api.given_up or hopeless or clock.monotonic() > end:
                self._no_api("it cannot start" if hopeless else f"not ready after {self.pace.ready:g} s")
                return False
            self.signals.wait(0.02)
        return False

    def _no_api(self, why: str) -> None:
        self.api.given_up = True
        self._give_up(self.api, "api_start_failed", why)
        for line in tail.lines(self.state.log("api"), 5):
            self.say(f"api: {line}")

    def _api_is_ready(self) -> bool:
        """Our own one: an older one that is about to end may still answer."""
        said = state_file.read_object(self.state.api_json)
        mine = self.api.part is not None and said.get("pid") == self.api.part.pid
        return mine and self.probe.is_ready()

    def _open_intake(self) -> None:
        """An earlier run whose hours were over may have closed it, or one whose budget was used up."""
        with suppress(NightrunError):
            known = [(one["by"], one["reason"]) for one in self.client.pauses()]
            if ("nightrun", HOURS_REASON) in known:
                self.client.resume("intake", by="nightrun")
            if self.night_since == self.started_at and any(by == "budget" for by, _ in known):
                self.client.resume("intake", by="budget")

    def _start(self, part: Supervised) -> None:
        again = bool(part.lives)
        started = part.start()
        if part is self.api:
            self.probe.reset()
        if again and started:
            self.restarts[part.name] = self.restarts.get(part.name, 0) + 1
            self.say(f"{part.name} started again")
        self._record()

    def _record(self) -> None:
        """run.json: who supervises, since when, with which parts."""
        pid, start_time = clock.my_identity()
        parts = {
            one.name: {
                "pid": one.part.pid,
                "start_time": one.identity[1] if one.identity else None,
                "started_at": one.started_at,
                "restarts": self.restarts.get(one.name, 0),
            }
            for one in self.parts
            if one.part is not None
        }
        since = {"started_at": self.started_at, "night_since": self.night_since}
        who = {"pid": pid, "start_time": start_time, "boot_id": clock.boot_id(), **since}
        what = {
            "runners": self.plan.runners,
            "hours": self.plan.hours,
            "until_idle": self.plan.until_idle,
            "branch": self.plan.branch,
        }
        settings = environment.said(self.plan.settings)
        self._write(self.state.run_json, {**who, **what, "settings": settings, "parts": parts})

    def _write(self, path: Path, value: object) -> None:
        """A full disk is what the monitor tells about; it does not end the run."""
        try:
            files.write_json(path, value)
        except OSError as error:
            self.say(f"{path.name} cannot be written: {error.strerror}")

    # -- one round

    def _round(self) -> None:
        for part in self.parts:
            self._revive(part)
            part.press()
        self._end_what_hangs()
        self._probe_api()
        self._follow_request()
        self._rotate()
        if self.story.follow():
            self._ask_for_a_look()
            self._watch_the_monitor()
        self._stay_awake()
        self.manager.alive()

    def _revive(self, part: Supervised) -> None:
        code = part.reap()
        if code is not None:
            self.say(f"{part.name} ended ({_said(code)})")
            self._end_orphans()
        self.story.monitored = not self.monitor.given_up
        due = part.due()
        if isinstance(due, Stopped) and not part.given_up:
            part.given_up = True
            self._give_up(part, f"{part.name.partition('-')[0]}_restart_failed", f"{part.name} died {due.deaths} times")
        elif isinstance(due, Start):
            if self.new_build is None or part not in self.runner_parts:
                self._start(part)
        elif part.given_up and part.is_healthy():
            part.given_up = False
            if not any(one.given_up for one in self.parts):
                self.state.fatal_issues.unlink(missing_ok=True)
            self.say(f"{part.name} works again")

    def _give_up(self, part: Supervised, reason: str, detail: str) -> None:
        said = {"at": clock.now(), "reason": reason, "detail": detail, "recovery_attempted": True}
        self._write(self.state.fatal_issues, said)
        self.say(f"FATAL {reason}: {detail}; see {self.state.log(part.name)}")

    def _end_what_hangs(self) -> None:
        """The API shows that it lives by answering, the others by their heartbeat."""
        if clock.monotonic() < self._next_hung:
            return
        if clock.monotonic() - self._next_hung > self.pace.hung / 2:
            for part in self.parts:
                part.forgive()
        self._next_hung = clock.monotonic() + self.pace.hung_looks
        self.heart.beat()
        for part in self.parts[1:]:
            if part.hangs(self.pace.hung):
                self.say(f"{part.name} has not moved for {self.pace.hung:g} s and is killed; its stacks are in its log")
                part.abort()

    def _watch_the_monitor(self) -> None:
        """It is restarted at most three times an hour when its looks do not arrive, as for other requests (S8)."""
        finding = self.looks.judge(self.story.snapshot or {})
        if finding is None:
            return
        self.looks.tell(finding)
        request = Request(finding.condition, "monitor", clock.now())
        if not self.monitor.is_running or restart.too_many(self.requests.done, request.target, request.at):
            return
        self.say(f"monitor is restarted: {finding.message}; its stacks are in its log")
        self.looks.start_anew()
        self.monitor.abort()
        self._count(request, self.monitor)

    def _probe_api(self) -> None:
        if not self.api.is_running or self.api.age() < self.pace.grace:
            return
        reason = self.probe.why_restart()
        if reason is None:
            return
        self.say(f"api is restarted: {reason}")
        self.probe.reset()
        if reason.startswith("no answer"):
            self.api.abort()
        else:
            self.api.end()

    def _follow_request(self) -> None:
        request = self.requests.take()
        if request is None:
            return
        parts = [one for one in self.parts if one.name.partition("-")[0] == request.target and one.is_running]
        older = [one for one in parts if (one.started_at or 0.0) <= request.at]
        if not older:
            self.say(f"restart of {request.target} was asked for ({request.reason}) and has happened already")
            return
        self.say(f"{request.target} is restarted, as was asked for: {request.reason}")
        patience = restart.drain_s(request)
        for part in older:
            if patience:
                part.drain(patience)
            else:
                part.end()
        self._count(request, older[0])

    def _count(self, request: Request, part: Supervised) -> None:
        if self.requests.was_done(request):
            detail = f"{request.target} was restarted three times in an hour because of {request.reason}"
            self._give_up(part, f"{request.target}_restart_failed", detail)

    def _rotate(self) -> None:
        if clock.monotonic() >= self._next_rotation:
            self._next_rotation = clock.monotonic() + self.pace.rotation
            for name in ("supervisor", *(part.name for part in self.parts)):
                rotation.rotate(self.state.log(name), largest=self.plan.log_bytes)
            rotation.trim(self.state.task_logs, largest=self.plan.task_logs)

    def _stay_awake(self) -> None:
        if self.plan.keep_awake and self.story.snapshot is not None:
            self.awake.want(idle.has_work(self.story.snapshot))

    def _ask_for_a_look(self) -> None:
        """So that a run that would be over is not held up until the monitor's next look is due."""
        if self.plan.until_idle and self.story.waits_for_the_monitor:
            with suppress(OSError):
                (self.state.path / "look_requested").touch()

    # -- end

    def _why_end(self) -> int | None:
        """The exit code when it is time to end."""
        for why in (self._asked_to_end, self._idle, self._hours_over, self._upgraded):
            if (code := why()) is not None:
                return code
        return None

    def _asked_to_end(self) -> int | None:
        if self.signals.first is not None:
            self.say(f"stopping, as {self.signals.first.name} asks")
            return INTERRUPTED if self.signals.first == signal.SIGINT else 0
        if self.state.stop_requested.exists():
            self.say("stopping, as was asked for")
            return 0
        return None

    @property
    def runner_parts(self) -> list[Supervised]:
        return self.parts[1:-1]

    def _idle(self) -> int | None:
        if not self.plan.until_idle:
            return None
        runners = self.runner_parts
        if self.api.given_up or (runners and all(one.given_up for one in runners)):
            self.say("ending: the work cannot go on")
            return 1
        return self._verdict("nothing is left to do", whole=True) if self.story.is_over else None

    def _hours_over(self) -> int | None:
        """After the hours nothing new is taken; what runs is finished first."""
        if self.plan.hours is None or clock.monotonic() - self.begun < self.plan.hours * 3600:
            return None
        if self.drains_since is None:
            self._close_intake()
            return None
        return self._verdict("the hours are over", whole=False) if self.story.is_drained(self.drains_since) else None

    def _close_intake(self) -> None:
        """When the API does not answer just now, the next round tries again."""
        with suppress(NightrunError):
            self.client.pause("intake", HOURS_REASON, by="nightrun")
            self.drains_since = clock.monotonic()
            worked = lines.lasting(clock.monotonic() - self.begun)
            self.say(f"the hours are over after {worked}: nothing new is begun, what runs is finished")

    def _upgraded(self) -> int | None:
        """Once another build is installed: each runner finishes its task, then this run goes on as that build."""
        if self.new_build is None and (new := self.upgrade.ready()) is not None:
            self.new_build = new
            self.say(f"build {self.upgrade.seen.running} runs, {new} is installed; it takes over when no task runs")
            for part in self.runner_parts:
                part.drain(restart.DRAIN_S)
        if self.new_build is None or any(part.is_running for part in self.runner_parts):
            return None
        self.say(f"going on as build {self.new_build}")
        return ANEW

    def _verdict(self, why: str, *, whole: bool) -> int:
        lines = self.story.verdict(whole=whole)
        self.say(f"{why}; " + ("all went well" if not lines else "not all went well:"))
        for line in lines:
            self.say(f"  {line}")
        return 1 if lines else 0

    def _stop(self) -> None:
        """The API last, the others have to tell it something; then nothing that any part started is left."""
        self.manager.stopping()
        self.awake.release("the run ends")
        self._end_and_wait(self.parts[1:])
        if self.drains_since is not None:
            with suppress(NightrunError):
                self.client.resume("intake", by="nightrun")
        self._end_and_wait([self.api])
        self._end_orphans()
        process.sweep(marker.of_root(self.root))
        for path in (self.state.run_json, self.state.stop_requested):
            path.unlink(missing_ok=True)
        self.say("stopped; nothing is left running")

    def _end_and_wait(self, parts: Sequence[Supervised]) -> None:
        for part in parts:
            part.end()
        while any(part.is_running for part in parts):
            for part in parts:
                part.reap()
                part.press()
                if self.signals.is_impatient:
                    part.kill()
            clock.sleep(0.02)

    def _end_orphans(self) -> None:
        ours = {one.part.pid for one in self.parts if one.part is not None}
        orphans.end(ours | self.awake.pids, self.spared)


def _said(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    known = {int(one): one.name for one in signal.Signals}
    return f"killed by {known.get(-code, f'signal {-code}')}"
