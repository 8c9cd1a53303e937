"""What every step of the runner needs: where it works, whom it asks, and what the policy says now."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from nightrun.flows.runner_pulse import Pulse
from nightrun.hands import clock, environment, git, git_commit, lock, resources, state_file
from nightrun.hands.client import ApiAway, Client
from nightrun.hands.environment import Environment
from nightrun.hands.heartbeat import Heart
from nightrun.hands.policy_file import Keeper
from nightrun.hands.resources import Bounds
from nightrun.hands.state_dir import StateDir
from nightrun.policy.model import Policy
from nightrun.words.errors import NightrunError
from nightrun.words.gate import Gate

LANDING = "landing"  # lock: one landing at a time in a repository
LOCK_POLL_S = 0.02
HTTP_S = 30.0

log = logging.getLogger("nightrun.runner")


@dataclass
class World:
    root: Path
    name: str  # runner-1, runner-2 ...
    state: StateDir
    client: Client
    keeper: Keeper
    settings: Environment
    pulse: Pulse
    stop: threading.Event = field(default_factory=threading.Event)
    gates: dict[tuple[str, tuple[str, ...]], Gate] = field(default_factory=dict)  # what passed, by tree and commands
    reported: dict[str, Any] = field(default_factory=dict)
    red: dict[str, str] = field(default_factory=dict)  # task id -> the commit whose own gate excused its failure
    branch: str | None = None  # what was checked out when the run started
    over_budget: str | None = None  # what of the night's budget is used up, empty: nothing; None: not looked yet
    begun: float = field(default_factory=clock.now)  # seconds since the epoch

    @property
    def policy(self) -> Policy:
        return self.keeper.current()

    @property
    def in_root(self) -> bool:
        return self.policy.project.isolation == "root"

    @cached_property
    def _git_signs(self) -> bool:
        return git_commit.signs(self.root)

    @property
    def signs(self) -> bool:
        """Whether commits are signed: when git was set up to when the runner started, and the policy lets it."""
        return self.policy.commit.sign == "auto" and self._git_signs

    @property
    def target(self) -> str:
        """The branch that work lands on."""
        name = self.policy.project.target or self.branch
        if name is None:
            raise NightrunError(
                "No branch is checked out, so it is not known where work shall land.",
                "git switch BRANCH, or set project.target in pipeline.yaml.",
            )
        return name

    @property
    def target_ref(self) -> str:
        return f"refs/heads/{self.target}"

    @property
    def wants_end(self) -> bool:
        return self.stop.is_set() or self.pulse.stop_wanted or self.pulse.lost

    @property
    def bounds(self) -> Bounds:
        """Of what is started now."""
        limits = self.policy.limits
        memory = limits.memory or round(resources.free_memory() * resources.FREE_SHARE)
        return Bounds(memory=memory, processes=limits.processes)

    def is_to_end(self) -> bool:
        """Whether what runs is to be stopped; to be asked while it is watched, which shows that the runner moves."""
        self.pulse.moves()
        return self.wants_end

    def report(self, **said: Any) -> None:
        """What this runner says about itself; only news is sent."""
        news = {key: value for key, value in said.items() if self.reported.get(key, self) != value}
        if not news:
            return
        try:
            self.client.report_runner(self.name, **news)
        except ApiAway as error:
            log.warning("%s", error.message)
        else:
            self.reported.update(news)


def make(root: Path, name: str) -> World:
    """BadPolicy when there is no usable policy."""
    state = StateDir(root).create()
    client = Client.for_repo(root, timeout_s=HTTP_S)
    pulse = Pulse(Heart(state.heartbeat(name)), Client.for_repo(root, timeout_s=HTTP_S))
    return World(
        root=root,
        name=name,
        state=state,
        client=client,
        keeper=Keeper(root),
        settings=environment.read(root),
        pulse=pulse,
        branch=_branch_of_the_run(root, state),
    )


def _branch_of_the_run(root: Path, state: StateDir) -> str | None:
    """A runner that is started again in the middle of a run goes on with the branch the run began with."""
    said = state_file.read_object(state.run_json)
    if said.get("pid") == os.getppid() and isinstance(said.get("branch"), str):
        return str(said["branch"])
    return git.current_branch(root)


@contextmanager
def alone(world: World, name: str) -> Iterator[None]:
    """One runner at a time: waits for the lock of this name."""
    path = world.state.lock(name)
    while (held := lock.hold(path)) is None:
        clock.sleep(LOCK_POLL_S)
    try:
        yield
    finally:
        held.release()
