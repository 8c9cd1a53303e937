"""Any order of claims, beats, ends, lost runners and answers keeps the store's promises."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from nightrun.hands.store import claims, metrics, moves, tasks
from nightrun.hands.store.database import Database
from nightrun.hands.store.refusals import NotAllowed
from nightrun.words.task import COMMIT_STATES, MOVES, STATUSES, TERMINAL
from tests.hands.store.ways import T0

CLAIM = st.integers(min_value=0, max_value=50)


class StoreMachine(RuleBasedStateMachine):
    """The model: what every claim holds (`held`: task and token), and what each task is."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.db = Database(Path(self.folder.name) / "x.db")
        self.now = T0
        self.status: dict[str, str] = {}
        self.token: dict[str, int] = {}
        self.held: list[dict[str, Any]] = []
        self.ends: dict[str, int] = {}

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.db.close()
            self.folder.cleanup()

    @rule(priority=st.integers(0, 2), need=CLAIM, with_need=st.booleans())
    def add(self, priority: int, need: int, with_need: bool) -> None:
        known = sorted(self.status)
        depends_on = [known[need % len(known)]] if known and with_need else []
        row, _ = tasks.add(
            self.db, direction="x", task_type="impl", priority=priority, depends_on=depends_on, now=self.now
        )
        self.status[row["id"]], self.token[row["id"]] = "pending", 0

    @rule()
    def claim(self) -> None:
        waiting = [one for one in self._rows() if one["status"] == "pending" and one["ready_at"] <= self.now]
        ready = [one for one in waiting if self._needs_met(one)]
        task = claims.claim(self.db, runner="r", agents=["a"], now=self.now)
        if task is None:
            assert ready == []
            return
        assert task["id"] == min(ready, key=lambda one: (-one["priority"], one["id"]))["id"]
        assert task["fencing_token"] > self.token[task["id"]]
        self.status[task["id"]], self.token[task["id"]] = "running", task["fencing_token"]
        self.held.append(task)

    @precondition(lambda self: self.held)
    @rule(which=CLAIM)
    def beat(self, which: int) -> None:
        task = self._one(which)
        try:
            claims.heartbeat(self.db, task["id"], task["fencing_token"], {}, now=self.now)
            assert self._holds(task)
        except NotAllowed:
            assert not self._holds(task)

    @precondition(lambda self: self.held)
    @rule(which=CLAIM, status=st.sampled_from(STATUSES), commit_state=st.sampled_from(COMMIT_STATES))
    def end(self, which: int, status: str, commit_state: str) -> None:
        target = status
        task = self._one(which)
        change = {"status": target, "fencing_token": task["fencing_token"], "error_class": "gate"}
        if target == "completed":
            change["commit_state"] = commit_state
        before = self.status[task["id"]]
        try:
            moves.patch(self.db, task["id"], change, now=self.now)
        except NotAllowed:
            assert not self._holds(task) or target not in (*MOVES[before], before)
            return
        assert task["fencing_token"] == self.token[task["id"]]
        if before != target:
            assert before == "running"
            self._moved(task["id"], target)

    @precondition(lambda self: self.status)
    @rule(which=CLAIM, status=st.sampled_from(STATUSES))
    def person_moves(self, which: int, status: str) -> None:
        target = status
        task_id = sorted(self.status)[which % len(self.status)]
        before = self.status[task_id]
        try:
            after = moves.patch(self.db, task_id, {"status": target}, now=self.now)
        except NotAllowed:
            assert target not in MOVES[before]
            return
        assert target in MOVES[before]
        self.token[task_id] = after["fencing_token"]
        self._moved(task_id, target)

    @precondition(lambda self: self.status)
    @rule(which=CLAIM)
    def reopen(self, which: int) -> None:
        task_id = sorted(self.status)[which % len(self.status)]
        try:
            after = moves.reopen(self.db, task_id, "conflict", now=self.now)
        except NotAllowed:
            return
        assert self.status[task_id] == "completed"
        self.token[task_id] = after["fencing_token"]
        self.status[task_id] = "pending"
        self.ends[task_id] -= 1

    @rule(seconds=st.sampled_from([1.0, 100.0, 181.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        expired = {one["id"] for one in self._rows() if (one["lease_expires_at"] or 1e12) <= self.now}
        assert set(claims.reclaim(self.db, lambda row: False, now=self.now)) == expired
        for task_id in expired:
            row = tasks.get(self.db, task_id)
            assert row["status"] == ("needs_decision" if row["reclaims"] >= 3 else "pending")
            self.status[task_id], self.token[task_id] = row["status"], row["fencing_token"]

    @precondition(lambda self: "running" in self.status.values())
    @rule(which=CLAIM)
    def crash(self, which: int) -> None:
        """A runner is known to be gone: its task goes back at once, whatever its lease says."""
        running = sorted(task_id for task_id, status in self.status.items() if status == "running")
        lost = running[which % len(running)]
        leased = {one["id"] for one in self._rows() if one["lease_expires_at"] is not None}
        expired = {one["id"] for one in self._rows() if (one["lease_expires_at"] or 1e12) <= self.now}
        taken = set(claims.reclaim(self.db, lambda row: row["id"] == lost, now=self.now))
        assert taken == expired | ({lost} & leased)
        for task_id in taken:
            row = tasks.get(self.db, task_id)
            self.status[task_id], self.token[task_id] = row["status"], row["fencing_token"]

    @precondition(lambda self: self.held)
    @rule(which=CLAIM, status=st.sampled_from(STATUSES), commit_state=st.sampled_from(COMMIT_STATES))
    def wake_up_late(self, which: int, status: str, commit_state: str) -> None:
        """A runner sleeps through its lease and another one has its task: whatever it says then is refused."""
        self.time_passes(181.0)
        self.sweep()
        self.claim()
        self.beat(which)
        self.end(which, status, commit_state)

    @precondition(lambda self: "completed" in self.status.values())
    @rule(which=CLAIM, landed=st.booleans())
    def land(self, which: int, landed: bool) -> None:
        """What becomes of the commit is said later, by whoever lands it, and moves no task; landed is for good."""
        done = sorted(task_id for task_id, status in self.status.items() if status == "completed")
        task_id, state = done[which % len(done)], "landed" if landed else "failed"
        known = next(one["commit_state"] for one in self._rows() if one["id"] == task_id)
        if known == "landed" and not landed:
            with pytest.raises(NotAllowed):
                moves.patch(self.db, task_id, {"commit_state": state}, now=self.now)
            return
        after = moves.patch(self.db, task_id, {"commit_state": state}, now=self.now)
        assert (after["status"], after["commit_state"]) == ("completed", state)

    @invariant()
    def the_store_agrees_with_the_model(self) -> None:
        if not hasattr(self, "db"):
            return
        assert {one["id"]: one["status"] for one in self._rows()} == self.status
        counted = tasks.counts(self.db)["by_status"]
        assert counted == {status: list(self.status.values()).count(status) for status in STATUSES}
        total = metrics.window(self.db, now=self.now)["success_rate"]["total"]
        rows = self._rows()
        environment = [one for one in rows if one["status"] == "failed" and one["error_class"] == "interrupted"]
        assert total == sum(self.ends.values()) - len(environment)

    @invariant()
    def exactly_the_running_tasks_have_an_open_attempt(self) -> None:
        if hasattr(self, "db"):
            open_ones = self.db.all("SELECT task_id FROM attempts WHERE ended_at IS NULL")
            running = [task_id for task_id, status in self.status.items() if status == "running"]
            assert sorted(one["task_id"] for one in open_ones) == sorted(running)

    def _rows(self) -> list[dict[str, Any]]:
        return self.db.all("SELECT * FROM tasks")

    def _needs_met(self, row: dict[str, Any]) -> bool:
        found = self.db.all(
            "SELECT n.status, n.commit_state FROM dependencies d JOIN tasks n ON n.id = d.needs WHERE d.task_id = :id",
            {"id": row["id"]},
        )
        return all(one["status"] == "completed" and one["commit_state"] in ("landed", "none") for one in found)

    def _one(self, which: int) -> dict[str, Any]:
        return self.held[which % len(self.held)]

    def _holds(self, task: dict[str, Any]) -> bool:
        same = self.token[task["id"]] == task["fencing_token"]
        return same and self.status[task["id"]] == "running"

    def _moved(self, task_id: str, target: str) -> None:
        self.status[task_id] = target
        if target == "running":
            self.token[task_id] = tasks.get(self.db, task_id)["fencing_token"]
        if target in TERMINAL:
            self.ends[task_id] = self.ends.get(task_id, 0) + 1
            assert self.ends[task_id] == 1, "a task ends once"


TestStore = StoreMachine.TestCase
TestStore.settings = settings(
    max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)
