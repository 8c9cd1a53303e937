"""The runner process: claims one task after the other and brings each to its commit. Order only."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from nightrun.decisions import rounds
from nightrun.decisions.agent_choice import Waiting
from nightrun.decisions.pausing import INTAKE
from nightrun.decisions.rounds import Rounds
from nightrun.flows import (
    runner_attempt,
    runner_budget,
    runner_chain,
    runner_choice,
    runner_durable,
    runner_forged,
    runner_land,
    runner_meta,
    runner_push,
    runner_record,
    runner_recover,
    runner_red,
    runner_resume,
    runner_room,
    runner_trust,
    runner_workspace,
    runner_world,
)
from nightrun.flows.runner_attempt import Judged
from nightrun.flows.runner_chain import Known
from nightrun.flows.runner_workspace import NoWorkspace, Place
from nightrun.flows.runner_world import World
from nightrun.hands import clock, git_change, lock, process, sandbox
from nightrun.hands.client import ApiAway, Refused
from nightrun.words import task as words
from nightrun.words.agent import AgentSpec
from nightrun.words.errors import NightrunError, TryLater
from nightrun.words.outcome import COMPLETED
from nightrun.words.task import Task

WAIT_S = 20.0  # for work, in one question
SHORT_WAIT_S = 3.0  # the same while finished work waits to land
AWAY_S = 1.0
DISK_S = 8.0  # of a pause, renewed while the disk is full; the last one ends by itself
DISK_LOOK_S = 2.0
RECOVER_S = 30.0  # between two tries to put in order what earlier runners left

log = logging.getLogger("nightrun.runner")


class _Stop(BaseException):
    """The runner is to end, and has nothing to finish."""


def run(root: Path, name: str) -> int:
    """Until SIGTERM or SIGINT; SIGUSR1 lets it finish its task first. BadPolicy when there is no usable policy."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"%(asctime)s {name} %(levelname)s %(message)s")
    process.become_subreaper()
    runner = Runner(runner_world.make(root, name))
    alone = lock.hold(runner.world.state.lock(name))  # its supervisor may have been killed (reliability.md S6)
    if alone is None:
        raise TryLater(f"{name} of {root} is running already.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, runner.on_stop)
    signal.signal(signal.SIGUSR1, runner.on_drain)
    return runner.run()


@dataclass
class Runner:
    world: World
    known: Known = field(default_factory=Known)
    tries: dict[str, float] = field(default_factory=dict)
    draining: bool = False  # takes no other task
    waits: bool = False  # only waiting: a stop may end it at once
    unlanded: bool = True  # perhaps; looked at before the first claim
    short: bool = False  # of disk
    at: Task | None = None  # what an agent of this round worked at
    recover_at: float | None = 0.0  # None: what earlier runners left is in order

    def on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.world.stop.set()
        if self.waits:
            raise _Stop

    def on_drain(self, _number: int, _frame: FrameType | None) -> None:
        self.draining = True
        if self.waits:
            raise _Stop

    def run(self) -> int:
        code = 0
        self.world.pulse.start()
        try:
            self._recover()
            runner_recover.tried(runner_red.begin, self.world)
            log.info("ready; agents and gates run %s", self._walls())
            code = self._go_round()
        except _Stop:
            log.info("stopping")
        finally:
            self.world.pulse.end()
        self._say_stopped()
        return code

    def _go_round(self) -> int:
        """Until it is stopped, or no round goes well any more."""
        going = Rounds()
        while not self._is_to_end():
            going = going.after(well=self._survive(), now=clock.monotonic())
            if going.are_hopeless(clock.monotonic()):
                log.error(rounds.said())
                return rounds.EXIT_CODE
        return 0

    def _take_back(self) -> None:
        if self.at is not None:
            runner_forged.take_back(self.world, self.at)

    def _walls(self) -> str:
        without = sandbox.why_not(self.world.policy.workspace.sandbox)
        return "in the sandbox of bwrap" if without is None else f"without a sandbox: {without}"

    def _is_to_end(self) -> bool:
        return self.draining or self.world.stop.is_set()

    def _survive(self) -> bool:
        """Whether the round went well. One that fails is logged; its task goes back by its lease.

        An API that is away is no fault of the runner's, nor is a full disk; that the API refuses what it asks is.
        """
        self.world.pulse.moves()
        self.at = None
        try:
            self._round()
        except ApiAway as error:
            log.warning("%s", error.message)
            self._rest(AWAY_S)
        except runner_record.ClaimLost as error:
            log.warning("what was done is not wanted any more: %s", error)
            self._take_back()
        except Refused:
            log.exception("this round was refused")
            self._rest(AWAY_S)
            return False
        except (OSError, NightrunError) as error:
            log.warning("this round was not finished: %s", error)
            self._rest(AWAY_S)
        except Exception:
            log.exception("this round failed")
            self._rest(AWAY_S)
            return False
        return True

    def _round(self) -> None:
        """Deliver, land, feed, claim, work."""
        world = self.world
        runner_record.deliver(world)
        self._recover()
        if self.unlanded and runner_trust.is_given(world):
            runner_recover.land_again(world, self.tries)
            self.unlanded = bool(runner_recover.unlanded(world))
        runner_red.wake(world)
        runner_budget.look(world)
        if self._is_short_of_disk() or runner_durable.met_fault(world):
            return
        task = self._claim()
        if task is None:
            return
        self._work_on(*task)

    def _recover(self) -> None:
        if self.recover_at is not None and clock.monotonic() >= self.recover_at:
            done = runner_recover.at_start(self.world)
            self.recover_at = None if done else clock.monotonic() + RECOVER_S

    # -- claiming

    def _claim(self) -> tuple[Task, AgentSpec | Waiting] | None:
        """Without ready work the backlog is looked at first, then it waits for some."""
        available = runner_choice.here(self.world)
        paused = runner_choice.paused_agents(self.world)
        types = runner_choice.doable(self.world, available, paused)
        task = self._ask(available, types, 0)
        if task is None:
            runner_chain.feed(self.world, self.known)
            self.world.report(state="idle", task_id=None)
            runner_push.again(self.world)
            task = self._ask(available, types, SHORT_WAIT_S if self.unlanded else WAIT_S)
            self.unlanded = True
        if task is None:
            return None
        if paused:  # perhaps no more: it may have waited for that
            paused = runner_choice.paused_agents(self.world)
        return task, runner_choice.choose(self.world, task, available, paused)

    def _ask(self, available: Mapping[str, AgentSpec], types: list[str], wait_s: float) -> Task | None:
        pid, start_time = clock.my_identity()
        try:
            with self.world.pulse.step("claim", wait_s + runner_world.HTTP_S):
                self.waits = wait_s > 0
                if self._is_to_end():
                    raise _Stop
                return self.world.client.claim(
                    runner=self.world.name,
                    pid=pid,
                    boot_id=clock.boot_id(),
                    start_time=start_time,
                    agents=list(available),
                    types=types,
                    wait_seconds=wait_s,
                    heal_share=self.world.policy.heal.share,
                )
        finally:
            self.waits = False

    # -- the life of a task

    def _work_on(self, task: Task, agent: AgentSpec | Waiting) -> None:
        world = self.world
        log.info("%s %s, attempt %d", task.task_type, task.id, task.attempt)
        if not runner_trust.is_given(world):
            runner_record.put_back(world, task, f"needs you: {runner_trust.WHY}", ready_at=clock.now())
            return
        if used := runner_budget.why_not(world, task):
            runner_record.put_back(world, task, used, ready_at=clock.now())
            return
        if runner_red.was_tried(world, task):
            self._wait_for_target(task)
            return
        with world.pulse.holding(task), runner_workspace.owned(world, self._folder(task)):
            if runner_red.is_over(world, task):
                self._drop(task)
            elif isinstance(agent, Waiting):
                runner_record.put_back(world, task, agent.reason, ready_at=runner_choice.again_at(world, agent))
            else:
                self._try(task, agent)

    def _try(self, task: Task, agent: AgentSpec) -> None:
        world = self.world
        try:
            place = runner_workspace.prepare(world, task)
            is_red = runner_red.found(world, task, place)
            place = place if is_red else runner_resume.begin(world, task, place, agent)
        except NightrunError as error:
            self._cannot_begin(task, agent.name, error)
            return
        if is_red:
            runner_workspace.leave(world, place, keep_branch=False)
            self._wait_for_target(task)
            return
        self.at = task
        judged = runner_attempt.attempt(world, task, place, agent)
        if judged.outcome.kind == COMPLETED:
            self._complete(task, place, judged)
        else:
            self._give_up(task, place, judged)

    def _drop(self, task: Task) -> None:
        """A repair that nobody needs any more is completed without an agent."""
        try:
            place = runner_workspace.prepare(self.world, task)
        except NightrunError as error:
            self._cannot_begin(task, runner_red.NOBODY, error)
            return
        self._complete(task, place, runner_red.not_needed(self.world))

    def _wait_for_target(self, task: Task) -> None:
        reason = runner_red.why(self.world)
        runner_record.put_back(self.world, task, reason, ready_at=clock.now() + runner_red.AGAIN_S)

    def _folder(self, task: Task) -> Path:
        return runner_workspace.folder_of(self.world, task.id, task.attempt)

    def _complete(self, task: Task, place: Place, judged: Judged) -> None:
        """PATCH, what follows, then commit and land (DESIGN section 3)."""
        world = self.world
        will_land = judged.changed and runner_record.will_commit(world, task.task_type)
        try:
            done = runner_record.completed(world, task, place, judged, will_land=will_land)
        except runner_record.ClaimLost:
            runner_workspace.leave(world, place, keep_branch=self._keep(task, place, judged) is not None)
            raise
        world.pulse.let_go()
        runner_chain.follow(world, done)
        runner_meta.follow(world, done, place.base_tree)
        if will_land:
            with world.pulse.step("landing", world.policy.task_types[task.task_type].timeout):
                done = runner_land.land(world, done, place, fresh=True)
        else:
            runner_workspace.leave_finished(world, done, place, judged.tree, changed=judged.changed)
        if done.commit_state == words.COMMIT_LANDED:
            runner_push.after_landing(world, done)
        self.unlanded = self.unlanded or done.commit_state in words.UNLANDED

    def _give_up(self, task: Task, place: Place, judged: Judged) -> None:
        """Nothing that the agent wrote is lost: it is a commit on the attempt's branch."""
        world, kept = self.world, None
        if judged.blameless:
            world.red[task.id] = place.base
        if not judged.untouchable:
            try:
                kept = self._keep(task, place, judged)
            except git_change.NotTaken as error:  # the agent's doing: what it came to stays what it was
                log.warning("the work of %s stays in %s: %s", task.id, place.path, error)
                judged = replace(judged, untouchable=True)
            except (NightrunError, OSError) as error:
                log.warning("the work of %s stays in %s: %s", task.id, place.path, error)
                judged = replace(judged, outcome=runner_attempt.of_error(error), untouchable=True)
        try:
            runner_record.not_completed(world, task, judged, kept, place)
        finally:
            if not judged.untouchable and (kept is not None or not place.is_root):
                runner_workspace.leave(world, place, keep_branch=kept is not None)

    def _keep(self, task: Task, place: Place, judged: Judged) -> str | None:
        return runner_workspace.keep_work(self.world, task, place, judged.outcome.kind)

    def _cannot_begin(self, task: Task, agent: str, error: NightrunError) -> None:
        """The repository is not in a state to work from; the task waits, and nothing is claimed for a while."""
        reason = f"{error.message} {error.hint}" if error.hint else error.message
        log.warning("%s cannot begin: %s", task.id, reason)
        runner_workspace.remove_folder_of(self.world, task)
        outcome = runner_attempt.of_error(error)
        if isinstance(error, NoWorkspace):
            runner_record.put_back(self.world, task, f"needs you: {reason}", ready_at=clock.now() + AWAY_S * 30)
            return
        runner_record.not_completed(self.world, task, Judged(outcome=outcome, agent=agent), None, None)
        self._rest(AWAY_S)

    # -- around it

    def _is_short_of_disk(self) -> bool:
        """Below the floor nothing is begun; it goes on by itself when there is room again."""
        reason = runner_room.lacking(self.world)
        if not reason:
            self.short = False
            return False
        if not self.short:
            log.warning("%s", reason)
            self.world.report(state="idle", task_id=None)
        self.world.client.pause(INTAKE, reason, until=clock.now() + DISK_S, by="nightrun")
        self.short = True
        self._rest(DISK_LOOK_S)
        return True

    def _rest(self, seconds: float) -> None:
        self.world.stop.wait(seconds)

    def _say_stopped(self) -> None:
        try:
            self.world.report(state="stopped", task_id=None, pid=os.getpid())
        except (ApiAway, Refused) as error:
            log.info("%s", error.message)
        log.info("stopped")
