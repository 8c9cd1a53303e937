"""The API or a runner is away for a while: a result arrives exactly once, and whoever comes back too late is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.words.task import Task
from tests.stories.conftest import Nights
from tests.stories.night import Night, check_one_commit_each, script, wait_until
from tests.story import git_out

# A part as the supervisor starts it, with a lease of one second instead of three minutes.
SHORT_LEASE = """
import sys
from nightrun.flows import api, runner_pulse
from nightrun.hands.store import claims
claims.LEASE_S, runner_pulse.LEASE_S, runner_pulse.BEAT_S = 1.0, 0.2, 0.1
api.SWEEP_S = api.HEARTBEAT_S = 0.2
from nightrun.cli import main
sys.exit(main())
"""


class Parts:
    """Parts without a supervisor: each is started, killed and started again by the test."""

    def __init__(self, night: Night) -> None:
        self.night = night
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, kind: str, *args: str, short_lease: bool = False) -> subprocess.Popen[bytes]:
        head = ["-c", SHORT_LEASE] if short_lease else ["-m", "nightrun"]
        argv = [sys.executable, *head, "part", kind, "--repo", str(self.night.root), *args]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PIPELINE_AUTO_COMMIT": "1"}
        log = self.night.state.log(args[-1] if args else kind)
        with log.open("ab") as out:
            part = subprocess.Popen(argv, env=env, cwd=self.night.root, stdout=out, stderr=out, start_new_session=True)
        self.started.append(part)
        return part

    def kill(self, part: subprocess.Popen[bytes]) -> None:
        part.kill()
        part.wait()

    def end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGCONT):
            for part in reversed(self.started):
                part.send_signal(number)
        for part in reversed(self.started):
            part.wait(30)


@pytest.fixture
def parts(new_night: Nights) -> Iterator[Parts]:
    parts = Parts(new_night({"backlog": {"files": []}}))
    yield parts
    parts.end()


def waits_for_a_word(night: Night) -> Path:
    """A task whose agent works until the file is there; the file."""
    word = night.root.with_name("word")
    text = f"echo x >$PIPELINE_ATTEMPT.txt; : >'{word}.waits'; until [ -e '{word}' ]; do sleep 0.05; done"
    with night.api() as client:
        client.add_task(script(text), "impl")
    return word


def only(night: Night) -> Task:
    (task,) = night.client.tasks()[0]
    return task


def landed(night: Night) -> Task:
    night.ready()
    return wait_until(
        lambda: (one := only(night)).commit_state == "landed" and one, lambda: f"it lands\n{night.said()}"
    )


def away_at_the_patch(parts: Parts) -> tuple[subprocess.Popen[bytes], Path]:
    """A runner whose agent ended while nobody answered; its result as it is kept."""
    night = parts.night
    word = waits_for_a_word(night)
    api, runner = parts.start("api"), parts.start("runner", "--name", "runner-1")
    wait_until(Path(f"{word}.waits").exists, lambda: f"the agent works\n{night.said()}")
    parts.kill(api)
    word.touch()
    kept = wait_until(lambda: list(night.state.outbox.glob("*.json")), lambda: f"the result is kept\n{night.said()}")
    assert json.loads(kept[0].read_text())["change"]["status"] == "completed"
    return runner, kept[0]


def test_a_result_is_kept_while_the_api_is_away_and_delivered_once(parts: Parts) -> None:
    _, kept = away_at_the_patch(parts)
    parts.start("api")
    task = landed(parts.night)
    assert (task.attempt, task.failures) == (1, 0)
    assert not kept.exists()
    check_one_commit_each(parts.night, [task])
    names = [one["kind"] for one in parts.night.client.events(task.id)]
    assert names.count("completed") == 1, names


def test_a_result_outlives_the_runner_that_could_not_tell_it(parts: Parts) -> None:
    runner, kept = away_at_the_patch(parts)
    parts.kill(runner)
    parts.start("api")
    parts.night.ready()
    # Nobody else is given a task whose result is there already.
    assert only(parts.night).status == "running"
    parts.start("runner", "--name", "runner-1")
    task = landed(parts.night)
    assert (task.attempt, task.failures) == (1, 0)
    assert not kept.exists()
    check_one_commit_each(parts.night, [task])


def test_a_runner_that_was_stopped_beyond_its_lease_comes_back_too_late(parts: Parts) -> None:
    night = parts.night
    word = waits_for_a_word(night)
    parts.start("api", short_lease=True)
    late = parts.start("runner", "--name", "runner-1", short_lease=True)
    wait_until(Path(f"{word}.waits").exists, lambda: f"the agent works\n{night.said()}")
    late.send_signal(signal.SIGSTOP)
    word.touch()  # its agent ends well meanwhile
    parts.start("runner", "--name", "runner-2", short_lease=True)
    task = landed(night)
    assert (task.runner, task.attempt) == ("runner-2", 2)
    before = git_out(night.root, "rev-parse", "main")
    late.send_signal(signal.SIGCONT)
    branch = f"pipeline/{task.id}.1"
    wait_until(
        lambda: git_out(night.root, "for-each-ref", f"refs/heads/{branch}"), lambda: f"it is told\n{night.said()}"
    )
    wait_until(lambda: "claim" in night.state.log("runner-1").read_text(), "it says so")
    wait_until(lambda: not list(night.state.worktrees.iterdir()), lambda: f"it leaves\n{night.said()}")
    assert only(night) == task
    assert git_out(night.root, "rev-parse", "main") == before
    assert git_out(night.root, "ls-tree", "--name-only", branch).split() == ["1.txt", "README.md", "pipeline.yaml"]
    assert git_out(night.root, "status", "--porcelain") == ""
    check_one_commit_each(night, [task])


def test_an_api_that_is_killed_while_an_agent_works_costs_nothing(new_night: Nights) -> None:
    night = new_night()
    word = waits_for_a_word(night)
    night.start()
    wait_until(Path(f"{word}.waits").exists, lambda: f"the agent works\n{night.said()}")
    os.kill(night.pids("api"), signal.SIGKILL)
    wait_until(lambda: "api started again" in night.log.read_text(), "it is started again")
    word.touch()
    task = landed(night)
    assert night.stop() == 0
    assert (task.attempt, task.failures) == (1, 0)
    check_one_commit_each(night, [task])
