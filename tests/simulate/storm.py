"""A heal storm: for 48 hours most tasks fail, and nine of ten heals fail, too (reliability.md 2.2)."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nightrun.decisions import effect, heal, history
from nightrun.decisions.heal import HealRequest
from nightrun.decisions.replay import Replay
from nightrun.policy.model import Policy
from nightrun.words.issue import FIRING

HOURS = 48
SLOT_S = 1_200.0  # what a task takes; one runner
SLOTS = int(HOURS * 3600 / SLOT_S)
LOOK_S = 60.0
HEAL_FAILS = 0.9
TASK_FAILS = 0.6
OF_ONE_KIND = 0.5  # of the failures
SEED = 4_692

Task = dict[str, Any]
Choose = Callable[["Storm", Mapping[str, Any]], list[HealRequest]]


@dataclass
class Storm:
    """A queue that is never empty, one runner that takes heals first (the worst case), and a look every minute."""

    choose: Choose
    chosen: random.Random
    replay: Replay = field(default_factory=lambda: Replay(Policy().monitor.condition))
    heals: list[Task] = field(default_factory=list)
    ended: list[Task] = field(default_factory=list)  # oldest first, heals among them
    normal: int = 0

    def run(self) -> Storm:
        for slot in range(SLOTS):
            start = slot * SLOT_S
            task = self._start(start)
            for look in range(int(SLOT_S / LOOK_S)):
                self._look(start + look * LOOK_S, task)
            self._end(task, start + SLOT_S)
        return self

    def _start(self, now: float) -> Task:
        waiting = next((one for one in self.heals if one["status"] == "pending"), None)
        if waiting is not None:
            waiting.update(status="running", started_at=now)
            return waiting
        self.normal += 1
        return {"id": f"t{self.normal}", "task_type": "impl", "status": "running"}

    def _end(self, task: Task, now: float) -> None:
        if task["task_type"] == "heal":
            failed = self.chosen.random() < HEAL_FAILS
            task.update(status="failed" if failed else "completed", finished_at=now, error_class="agent")
            self.ended.append(task)
            return
        letter = "C" if self.chosen.random() >= TASK_FAILS else "S" if self.chosen.random() < OF_ONE_KIND else "F"
        said = {"id": task["id"], **history.result(letter, self.normal), "finished_at": now}
        self.ended.append(dict(history.whole(self.normal, said)))

    def _look(self, now: float, task: Task) -> None:
        snapshot = self._snapshot(now, task)
        self.replay.look(snapshot)
        for one in self.choose(self, snapshot):
            before = effect.before(snapshot["finished"], one.fingerprint, effect.THRESHOLD).to_json()
            context = {**one.context, "before": before}
            name = f"h{len(self.heals)}"
            self.heals.append(
                {"id": name, "task_type": "heal", "status": "pending", "created_at": now, "context": context}
            )
            self.replay.opened[one.condition, one.fingerprint]["heal_task_id"] = name

    def _snapshot(self, now: float, task: Task) -> dict[str, Any]:
        last = list(history.of_tasks(self.ended[-history.KEPT :], between_s=0))[-1:] or [{}]
        return {
            "window": {"completed": 0, "failed": 0, "total": 0},
            "finished": [],
            "attempts": [],
            **last[0],
            "now": now,
            "running": [task],
            "ready_count": 100 + sum(one["status"] == "pending" for one in self.heals),
            "heals": self.heals[::-1][: history.KEPT],
            "effects": [self._effect(one, now) for one in self.heals if one.get("finished_at") is not None],
        }

    def _effect(self, one: Task, now: float) -> dict[str, Any]:
        known = effect.read(one["context"]["before"])
        assert known is not None
        since, key = one["finished_at"], heal.key_of(one)
        after = [task for task in self.ended if task["finished_at"] > since]
        found = effect.judge(*key, known, after, since=since, now=now, is_open=key in self.replay.opened)
        return {"task": one["id"], "effect": found.verdict, "early": found.early}


def as_shipped(storm: Storm, snapshot: Mapping[str, Any]) -> list[HealRequest]:
    """The project's own caps."""
    remedies = heal.with_effects(storm.heals, snapshot["effects"])
    return heal.choose(
        storm.replay.said,
        storm.replay.opened,
        remedies,
        task_types={},
        caps=heal.Caps(),
        auto_fix=True,
        now=snapshot["now"],
        slots=heal.slots(snapshot, remedies),
    )


def at_every_look(storm: Storm, snapshot: Mapping[str, Any]) -> list[HealRequest]:
    """What the prior system did: no caps at all (prior-system.md 2.4)."""
    firing = [one for one in storm.replay.said if one.state == FIRING and one.direction]
    return [_request(one.condition, one.fingerprint) for one in firing]


def one_at_a_time(storm: Storm, snapshot: Mapping[str, Any]) -> list[HealRequest]:
    """Only that each issue has one open heal."""
    at_work = {heal.key_of(one) for one in storm.heals if one["status"] in ("pending", "running")}
    return [one for one in at_every_look(storm, snapshot) if (one.condition, one.fingerprint) not in at_work]


def _request(condition: str, fingerprint: str) -> HealRequest:
    context = {"condition": condition, "fingerprint": fingerprint}
    return HealRequest(
        condition=condition,
        fingerprint=fingerprint,
        task_type="heal",
        direction="",
        dedup_key="",
        issue="",
        context=context,
    )


RULES: Mapping[str, Choose] = {
    "a heal at every look that sees it": at_every_look,
    "one open heal for each issue": one_at_a_time,
    "as it is shipped": as_shipped,
}


def run(choose: Choose, number: int) -> Storm:
    return Storm(choose, random.Random(f"{SEED} {number}")).run()
