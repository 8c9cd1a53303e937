"""An ordered stop ends everything within 45 s, loses nothing and costs the task nothing; a second Ctrl-C forces it."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.stories.conftest import Nights
from tests.stories.night import Night, check_one_commit_each, script, wait_until
from tests.story import git_out

LIMIT_S = 45.0

# What an agent does in its first attempt after it has done half of its work; in the second it is quick.
STUBBORN = "trap '' TERM INT HUP; while :; do sleep 0.2; done"
AWAY = "setsid sleep 600 & setsid sh -c 'sleep 600 & sleep 600' & exec sleep 600"
DAEMON = "(setsid sh -c 'trap \"\" TERM; sleep 600 & wait' </dev/null >/dev/null 2>&1 &) ; exec sleep 600"


def at_work(night: Night, *kinds: str) -> list[str]:
    """Start a run in which each of these agents has done half of its work; the ids of their tasks."""
    with night.api() as client:
        ids = [client.add_task(script(direction(night, n, kind)), "impl").id for n, kind in enumerate(kinds)]
    night.start("--runners", str(len(kinds)))
    wait_until(lambda: len(list(marks(night).glob("half*"))) == len(kinds), lambda: f"all agents work\n{night.said()}")
    return ids


def direction(night: Night, number: int, kind: str) -> str:
    half = f"echo half >work{number}.txt; : >'{marks(night)}/half{number}'; {kind}"
    return f'if [ "$PIPELINE_ATTEMPT" = 1 ]; then {half}; fi\necho whole >work{number}.txt'


def marks(night: Night) -> Path:
    folder = night.root.with_name("marks")
    folder.mkdir(exist_ok=True)
    return folder


def check_stopped(night: Night, ids: list[str]) -> None:
    """Nothing runs, nothing lies about, and each task waits with its half-done work on its branch."""
    assert night.left() == []
    assert not night.state.run_json.exists()
    assert not night.state.api_json.exists()
    assert list(night.state.worktrees.iterdir()) == []
    assert list(night.state.outbox.iterdir()) == []
    assert list(night.root.glob(".git/**/*.lock")) == []
    assert git_out(night.root, "status", "--porcelain") == ""
    tasks = {one.id: one for one in night.tasks()}
    for number, task_id in enumerate(ids):
        task = tasks[task_id]
        assert (task.status, task.outcome, task.failures, task.attempt) == ("pending", "interrupted", 0, 1)
        assert git_out(night.root, "show", f"pipeline/{task_id}.1:work{number}.txt") == "half"
    assert night.subjects() == []


def test_ctrl_c_ends_agents_that_went_into_sessions_of_their_own(night: Night) -> None:
    ids = at_work(night, AWAY, DAEMON)
    assert night.stop(signal.SIGINT, LIMIT_S) == 130
    check_stopped(night, ids)


def test_sigterm_ends_an_agent_that_ignores_it(night: Night) -> None:
    ids = at_work(night, STUBBORN)
    assert night.stop(signal.SIGTERM, LIMIT_S) == 0
    check_stopped(night, ids)


def test_a_second_ctrl_c_waits_for_no_agent_and_the_next_run_does_the_task(night: Night) -> None:
    (task_id,) = at_work(night, STUBBORN)
    assert night.run is not None
    night.run.send_signal(signal.SIGINT)
    wait_until(lambda: "stopping, as SIGINT asks" in night.log.read_text(), "the first one is heard")
    night.run.send_signal(signal.SIGINT)
    assert night.ended(LIMIT_S) == 130
    assert night.left() == []
    (task,) = night.tasks()
    assert (task.status, task.outcome, task.failures) == ("pending", "interrupted", 0)
    # Its runner was not waited for either: it did not come to say what became of the task.
    assert task.error_summary == "runner-1 went away during attempt 1"
    assert night.until_idle() == 0, night.said()
    (task,) = night.tasks()
    assert (task.status, task.commit_state, task.attempt) == ("completed", "landed", 2)
    check_one_commit_each(night, [task])
    assert git_out(night.root, "show", "main:work0.txt") == "whole"
    assert git_out(night.root, "show", f"pipeline/{task_id}.1:work0.txt") == "half"


def test_nightrun_stop_ends_a_gate_and_waits_until_nothing_is_left(new_night: Nights) -> None:
    command = ["sh", "-c", "[ -e work0.txt ] || exit 0; : >../../../../marks/half0; setsid sleep 600 & wait"]
    night = new_night({"task_types": {"impl": {"gate": [command]}}})
    marks(night)
    with night.api() as client:
        task_id = client.add_task(script("echo half >work0.txt"), "impl").id
    night.start()
    wait_until((marks(night) / "half0").exists, lambda: f"the gate runs\n{night.said()}")
    assert night.call("stop").startswith("Stopped after ")
    assert night.ended(5.0) == 0
    check_stopped(night, [task_id])
    assert night.call("stop") == f"Nothing runs in {night.root}."
