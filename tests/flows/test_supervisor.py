"""The supervisor over real small parts: start, death, crash loop, hanging, requests, signals, its own death."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nightrun.flows import supervisor
from nightrun.hands import marker
from nightrun.hands.client import Client
from tests.flows.api_world import Process
from tests.flows.supervisor_world import Night
from tests.story import write

PROBES = {"probe": 0.1, "grace": 0.2, "routes": 0.1}
# One that answers may take its time on a machine that has much else to do.
PATIENT = {**PROBES, "probe_timeout": 20.0, "ask": 20.0, "probe_failures": 10_000}


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


# -- start


def test_the_api_is_first_and_its_runners_come_before_the_monitor(night: Night) -> None:
    night.start(plan={"runners": 2}).running("api", "runner-1", "runner-2", "monitor")
    assert night.stop() == 0
    starts = [line.split()[0] for line in night.events if " start " in line]
    assert starts[0] == "api" and set(starts[1:]) == {"runner-1", "runner-2", "monitor"}
    assert night.said.index("working on") < night.said.index("stopping")
    assert night.left() == []


def test_run_json_tells_who_works_and_is_gone_afterwards(night: Night) -> None:
    settings = {"PIPELINE_AUTO_COMMIT": "1", "PIPELINE_AUTO_PUSH": "no"}
    night.start(env=settings, plan={"branch": "main", "hours": 3}).running()
    night.until(lambda: set(night.run_json()["parts"]) == {"api", "monitor", "runner-1"})
    said = night.run_json()
    assert said["pid"] == night.child.pid  # type: ignore[union-attr]
    assert {name: one["pid"] for name, one in said["parts"].items()} == {
        name: night.starts(name)[0] for name in said["parts"]
    }
    assert (said["branch"], said["hours"], said["runners"]) == ("main", 3, 1)
    assert said["settings"][0] == "PIPELINE_AUTO_COMMIT=1 (exported): completed tasks are committed"
    assert said["settings"][1].startswith("PIPELINE_AUTO_PUSH=no (exported): nothing is pushed; only the exact value 1")
    assert all(line in night.said for line in said["settings"])
    assert said["settings"][0] in night.state.log("supervisor").read_text()
    night.stop()
    assert not night.state.run_json.exists()


def test_an_api_of_elsewhere_does_not_count_for_a_run(night: Night) -> None:
    night.start(env={"PIPELINE_API_URL": "http://elsewhere.invalid", "PIPELINE_API_TOKEN": "secret"}).running()
    assert "PIPELINE_API_URL does not count here" in night.said
    environment = Path(f"/proc/{night.starts('runner-1')[0]}/environ").read_bytes()
    assert b"PIPELINE_API" not in environment and b"NIGHTRUN_PARENT=" in environment
    assert "secret" not in night.said
    night.stop()


def test_what_env_file_says_reaches_the_parts(night: Night) -> None:
    (night.root / ".env").write_text("PIPELINE_AUTO_FIX_ENABLED=1\n")
    night.start().running()
    environment = Path(f"/proc/{night.starts('runner-1')[0]}/environ").read_bytes()
    assert b"PIPELINE_AUTO_FIX_ENABLED=1\0" in environment
    night.stop()


def test_a_part_imports_nothing_from_the_repository(tmp_path: Path) -> None:
    """A repository may have a folder `nightrun` or a file `click.py` of its own."""
    (tmp_path / "click.py").write_text("raise SystemExit('imported from the repository')")
    argv = supervisor.part_argv(tmp_path, "runner-1")
    done = subprocess.run([*argv, "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: nightrun part ")


def test_an_api_that_does_not_come_up_ends_the_run_with_what_it_said(night: Night) -> None:
    night.mode("api", "die")
    night.start()
    assert night.end() == 1
    fatal = night.fatal()
    assert (fatal["reason"], fatal["recovery_attempted"]) == ("api_start_failed", True)
    assert set(fatal) == {"at", "reason", "detail", "recovery_attempted"}
    assert "FATAL api_start_failed" in night.said
    assert night.starts("runner-1") == []


def test_settings_that_the_api_cannot_work_with_are_not_tried_again(night: Night) -> None:
    night.start(env={"PIPELINE_DATABASE_URL": "postgresql://db.invalid/x"}, real=["api"])
    assert night.end() == 1
    assert night.said.count("api ended (exit code 2)") == 1
    assert "api: " in night.said and "PIPELINE_DATABASE_URL is set" in night.said


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_stop_before_the_api_is_ready_is_a_stop_and_no_failure(number: int, code: int, night: Night) -> None:
    night.mode("api", "frozen")
    night.start(pace={"stop_api": 0.2}).running("api")
    assert night.signal(number).end() == code
    assert night.left() == [] and night.fatal() is None


# -- death


def test_a_part_that_dies_is_started_again(night: Night) -> None:
    night.start().running()
    for name in ("runner-1", "monitor", "api"):
        os.kill(night.starts(name)[0], signal.SIGKILL)
        night.until(lambda name=name: len(night.starts(name)) == 2)
        night.until_said(f"{name} started again")
        assert f"{name} ended (killed by SIGKILL)" in night.said
    night.until(lambda: all(one["restarts"] == 1 for one in night.run_json()["parts"].values()))
    assert night.stop() == 0
    assert night.left() == [] and night.fatal() is None


def test_a_crash_loop_is_given_up_and_told_once(night: Night) -> None:
    night.mode("monitor", "die")
    night.start(plan={"runners": 1}).until_said("FATAL")
    assert len(night.starts("monitor")) == 6
    assert night.fatal()["reason"] == "monitor_restart_failed"
    assert night.fatal()["detail"] == "monitor died 6 times"
    night.until_said("runner-1 started again", 0)
    os.kill(night.starts("runner-1")[0], signal.SIGKILL)
    night.until_said("runner-1 started again")
    assert night.said.count("FATAL") == 1 and len(night.starts("monitor")) == 6
    assert night.stop() == 0


def test_a_part_that_cannot_be_started_at_all_is_a_death_and_no_end_of_the_run(night: Night) -> None:
    """A `pip install` in the middle of a run takes the interpreter away for a moment."""
    night.start(missing=["monitor"]).running("runner-1").until_said("FATAL monitor_restart_failed")
    assert "monitor cannot be started: " in night.said
    assert len(night.starts("runner-1")) == 1
    assert night.stop() == 0


def test_what_a_dead_part_left_is_ended(night: Night) -> None:
    night.mode("runner-1", "child")
    night.start().running()
    pid = night.starts("runner-1")[0]
    night.until(lambda: children(pid))
    left = children(pid)
    os.kill(pid, signal.SIGKILL)
    night.until_said("runner-1 started again")
    night.until(lambda: all(map(is_gone, left)))
    assert night.stop() == 0
    assert night.left() == []


def test_what_came_with_the_process_of_the_supervisor_is_not_ended(night: Night, tmp_path: Path) -> None:
    """`nightrun autonomous > >(tee log)`: the shell makes tee a child of the program it becomes."""
    night.start(before="sleep 60 & echo $! >spared").running()
    os.kill(night.starts("runner-1")[0], signal.SIGKILL)
    night.until_said("runner-1 started again")
    assert night.stop() == 0
    spared = int((tmp_path / "spared").read_text())
    try:
        assert not is_gone(spared)
    finally:
        os.kill(spared, signal.SIGKILL)


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_full_disk_does_not_end_the_run(night: Night) -> None:
    """Here: files that cannot be written for another reason."""
    night.start().running()
    night.until(night.state.run_json.exists)
    night.state.run_json.unlink()
    night.state.run_json.mkdir()
    os.kill(night.starts("runner-1")[0], signal.SIGKILL)
    night.until_said("run.json cannot be written")
    night.until(lambda: len(night.starts("runner-1")) == 2)
    night.state.run_json.rmdir()
    assert night.stop() == 0


def test_logs_that_parts_hold_open_stay_bounded_and_go_on(night: Night) -> None:
    night.mode("runner-1", "chatty")
    night.start(plan={"log_bytes": 5000}, pace={"rotation": 0.05}).running()
    log = night.state.log("runner-1")
    older = log.with_name("runner-1.log.2")
    night.until(older.exists).until(lambda: 0 < log.stat().st_size < 5000)
    assert night.stop() == 0
    assert set(older.read_text()) <= {"x", "\n"}  # no hole where the writer went on


# -- hanging


@pytest.mark.parametrize("how", ["mute", "frozen"])
def test_a_runner_that_does_not_move_writes_its_stacks_and_is_started_again(how: str, night: Night) -> None:
    night.mode("runner-1", how)
    # Long enough for its start on a busy machine: a process that is not one of faulthandler's yet writes no stacks.
    night.start(pace={"hung": 1.5}).running().until_said("runner-1 has not moved for 1.5 s")
    night.mode("runner-1", "")
    night.until_said("runner-1 started again")
    assert "runner-1 ended (killed by SIGABRT)" in night.said
    assert "Fatal Python error: Aborted" in night.state.log("runner-1").read_text()
    assert night.stop() == 0
    assert night.left() == []


def test_an_api_that_does_not_answer_is_started_again(night: Night) -> None:
    night.start(pace={**PROBES, "probe": 0.4, "grace": 1.0}).running()
    os.kill(night.starts("api")[0], signal.SIGSTOP)
    night.until_said("api is restarted: no answer to 3 probes")
    night.until(lambda: len(night.starts("api")) >= 2)
    assert night.stop() == 0


def test_an_api_of_an_older_build_without_its_metrics_is_started_again(night: Night) -> None:
    night.mode("api", "404")
    night.start(pace=PATIENT).running().until_said("api is restarted: metrics are 404: build an old build runs")
    night.mode("api", "")
    night.until(lambda: len(night.starts("api")) >= 2)
    assert night.stop() == 0
    assert night.fatal() is None


def test_an_api_whose_old_build_comes_back_is_not_restarted_for_ever(night: Night) -> None:
    night.mode("api", "404")
    night.start(pace=PATIENT).running()
    night.until(lambda: len(night.starts("api")) == 2)
    asked = night.until(lambda: count(night, "metrics")).events
    night.until(lambda: count(night, "metrics") >= asked.count("api metrics") + 8)
    assert len(night.starts("api")) == 2
    assert night.stop() == 0


def count(night: Night, what: str) -> int:
    return night.events.count(f"api {what}")


def test_a_monitor_whose_looks_do_not_arrive_is_restarted_although_its_heart_beats(night: Night) -> None:
    night.start(real=["api"], plan={"monitor_stale": {"after": 1}}, pace={"ask": 20.0}).running("monitor")
    night.until_said("monitor is restarted: the monitor has not looked for 1 s; its stacks are in its log")
    night.until_said("monitor started again")
    client = Client.for_repo(night.root)
    night.until(lambda: [one["condition"] for one in client.issues()["issues"]] == ["monitor_stale"])
    assert client.issues()["last_check"] is None  # it is not the monitor that says so
    night.mode("monitor", "looks")
    night.until(lambda: client.issues()["issues"] == [])
    assert night.stop() == 0


def test_a_monitor_that_never_looks_is_restarted_three_times_an_hour_and_a_person_is_told(night: Night) -> None:
    night.start(real=["api"], plan={"monitor_stale": {"after": 0.2}}, pace={"ask": 20.0})
    night.until_said("FATAL monitor_restart_failed: monitor was restarted three times in an hour because of")
    night.until_said("monitor started again", 3)
    night.until_said("monitor_stale: the monitor has not looked", 4)  # looked at once more, and nothing came of it
    assert night.said.count("monitor is restarted: ") == 3
    assert night.stop() == 0


# -- upgrade


def test_another_build_takes_over_when_the_runners_have_finished(night: Night, tmp_path: Path) -> None:
    package = tmp_path / "installed"
    package.mkdir()
    (package / "a.py").write_text("old")
    night.mode("runner-1", "works")
    night.start(installed=str(package), pace={"build": 0.1}, plan={"hours": 1}).running()
    first = night.until(lambda: "monitor" in night.run_json()["parts"]).run_json()
    (package / "a.py").write_text("new")
    night.until_said("is installed; it takes over when no task runs").until(lambda: "runner-1 draining" in night.events)
    assert len(night.starts("runner-1")) == 1
    night.mode("runner-1", "")
    night.until(lambda: [len(night.starts(one)) for one in ("api", "runner-1", "monitor")] == [2, 2, 2])
    night.until(lambda: night.state.run_json.exists() and "monitor" in night.run_json()["parts"])
    assert "runner-1 drained" in night.events
    now = night.run_json()
    assert (now["pid"], now["started_at"]) == (first["pid"], first["started_at"])  # one process, and its hours count on
    assert night.said.count("going on as build ") == 1
    assert night.stop() == 0
    assert night.left() == []


# -- requests


def ask(night: Night, **said: object) -> None:
    night.state.restart_requested.with_suffix(".new").write_text(json.dumps(said))
    night.state.restart_requested.with_suffix(".new").replace(night.state.restart_requested)


def test_a_requested_restart_happens_once(night: Night) -> None:
    night.start().running()
    night.until(lambda: "runner-1" in night.run_json()["parts"])
    ask(night, reason="no_task_running", at=time.time())
    night.until(lambda: len(night.starts("runner-1")) == 2)
    assert "runner is restarted, as was asked for: no_task_running" in night.said
    assert not night.state.restart_requested.exists()
    ask(night, reason="no_task_running", at=time.time() - 30)
    night.until_said("has happened already")
    assert [len(night.starts(one)) for one in ("runner-1", "monitor", "api")] == [2, 1, 1]
    assert "runner-1 end" in night.events
    assert night.stop() == 0


def test_a_runner_that_is_asked_to_restart_finishes_its_task_first(night: Night) -> None:
    night.mode("runner-1", "works")
    night.start().running()
    ask(night, reason="a new agent is installed", at=time.time())
    night.until(lambda: "runner-1 draining" in night.events)
    os.kill(night.starts("monitor")[0], signal.SIGKILL)
    night.until_said("monitor started again")  # some rounds later
    assert len(night.starts("runner-1")) == 1
    night.mode("runner-1", "")
    night.until(lambda: len(night.starts("runner-1")) == 2)
    assert "runner-1 drained" in night.events and "runner-1 end" not in night.events
    assert night.stop() == 0


def test_a_runner_that_does_not_finish_its_task_in_time_is_ended(night: Night) -> None:
    night.mode("runner-1", "works")
    night.start(drain=0.3).running()
    ask(night, reason="a new agent is installed", at=time.time())
    night.until(lambda: len(night.starts("runner-1")) == 2)
    assert "runner-1 end" in night.events
    night.mode("runner-1", "")
    assert night.stop() == 0


def test_a_request_for_the_api_restarts_the_api(night: Night) -> None:
    night.start().running()
    ask(night, reason="metrics_404", at=time.time())
    night.until(lambda: len(night.starts("api")) == 2)
    assert night.stop() == 0
    assert len(night.starts("runner-1")) == 1


@pytest.mark.parametrize(
    ("text", "why"),
    [("{", "it is not {reason, at}"), ('{"reason": "x", "at": 5}', "s old"), ("[]", "it is not {reason, at}")],
)
def test_a_request_that_is_garbage_or_old_is_put_aside(text: str, why: str, night: Night) -> None:
    night.start().running()
    night.state.restart_requested.write_text(text)
    night.until_said("restart_requested.json is not followed: ")
    assert why in night.said
    assert night.state.path.joinpath("restart_requested.json.refused").read_text() == text
    assert night.stop() == 0
    assert len(night.starts("runner-1")) == 1


def test_a_fourth_request_in_an_hour_is_refused_and_a_person_is_told(night: Night) -> None:
    night.start().running()
    for number in (2, 3, 4):
        ask(night, reason="no_task_running", at=time.time())
        night.until(lambda number=number: len(night.starts("runner-1")) == number)
    assert night.fatal()["reason"] == "runner_restart_failed"
    ask(night, reason="no_task_running", at=time.time())
    night.until_said("runner was restarted 3 times in an hour; not again")
    assert night.stop() == 0
    assert len(night.starts("runner-1")) == 4


def test_requests_of_an_earlier_run_are_done_by_a_start(night: Night) -> None:
    night.state.create()
    ask(night, reason="no_task_running", at=time.time())
    night.state.stop_requested.touch()
    night.state.fatal_issues.write_text('{"reason": "x"}')
    night.start().running()
    assert "an earlier restart_requested.json is done by this start" in night.said
    assert night.fatal() is None
    assert night.stop() == 0
    assert len(night.starts("runner-1")) == 1


# -- end


@pytest.mark.parametrize("way", ["SIGTERM", "SIGINT", "SIGHUP", "file"])
def test_every_stop_is_in_order_and_leaves_nothing(way: str, night: Night) -> None:
    night.mode("runner-1", "child slow")
    night.start().running()
    if way == "file":
        night.state.stop_requested.touch()
    else:
        night.signal(getattr(signal, way))
    assert night.end() == (130 if way == "SIGINT" else 0)
    ends = [line.split()[0] for line in night.events if line.endswith(" end")]
    assert sorted(ends[:2]) == ["monitor", "runner-1"] and ends[2] == "api"
    assert night.said.rstrip().endswith("stopped; nothing is left running")
    assert night.left() == []
    assert not night.state.stop_requested.exists() and not night.state.run_json.exists()


def test_a_part_that_does_not_want_to_end_is_killed(night: Night) -> None:
    night.mode("runner-1", "stubborn")
    night.start(pace={"stop_runner": 0.2}).running()
    assert night.stop() == 0
    assert "runner-1 did not end within 0.2 s and is killed" in night.said
    assert night.left() == []


def test_a_second_ctrl_c_waits_for_nobody(night: Night) -> None:
    night.mode("runner-1", "stubborn")
    night.start(pace={"stop_runner": 60.0}).running()
    night.signal(signal.SIGINT).until_said("stopping, as SIGINT asks")
    assert night.signal(signal.SIGINT).end() == 130
    assert night.left() == []


def test_a_stop_that_an_api_which_hangs_cannot_hold_up(night: Night) -> None:
    night.start(pace={"stop_api": 0.2}).running()
    os.kill(night.starts("api")[0], signal.SIGSTOP)
    assert night.stop() == 0
    assert night.left() == []


def test_a_terminal_that_cannot_show_a_text_does_not_end_the_run(night: Night) -> None:
    night.start(env={"PYTHONIOENCODING": "ascii"}, plan={"notes": ["\N{CRESCENT MOON} a\x1b[2Jb"]}).running()
    assert night.stop() == 0
    assert "\\U0001f319 a [2Jb" in night.said
    assert "\N{CRESCENT MOON} a [2Jb" in night.state.log("supervisor").read_text()


# -- several supervisors, one after the other


def test_a_second_supervisor_is_refused(night: Night) -> None:
    first = night.start().running().child
    assert first is not None
    assert night.start().end() == 75
    assert f"nightrun already works on {night.root} (supervisor pid {first.pid})." in night.said
    assert first.poll() is None
    night.child = first
    assert night.stop() == 0


def test_a_killed_supervisor_takes_its_parts_with_it_and_a_new_one_starts(night: Night) -> None:
    night.start(plan={"runners": 2}).running("api", "monitor", "runner-1", "runner-2")
    night.signal(signal.SIGKILL).end()
    night.start().until(lambda: len(night.starts("runner-1")) == 2)
    assert night.stop() == 0
    assert {line for line in night.events if "orphaned" in line or line.endswith(" end")} >= {"api end"}
    assert night.left() == []


def test_a_part_of_a_killed_supervisor_that_hangs_is_ended_by_the_next_start(night: Night) -> None:
    night.start().running().until(lambda: "monitor" in night.run_json()["parts"])
    hanging = night.starts("api")[0]
    os.kill(hanging, signal.SIGSTOP)
    night.signal(signal.SIGKILL).end()
    night.start(pace={"earlier": 0.2}).until(lambda: len(night.starts("runner-1")) == 2)
    assert "an earlier run lost its supervisor" in night.said
    assert is_gone(hanging)
    assert night.stop() == 0
    assert night.left() == []


@pytest.mark.parametrize("text", ["", "[]", '{"parts": [1]}', '{"parts": {"api": 3}}'])
def test_a_run_json_that_makes_no_sense_does_not_matter(text: str, night: Night) -> None:
    night.state.create()
    night.state.run_json.write_text(text)
    night.start().running("runner-1")
    assert night.stop() == 0


def test_an_agent_that_an_earlier_run_left_is_ended_before_anything_starts(night: Night, tmp_path: Path) -> None:
    argv = [sys.executable, "-I", "-c", "import time; time.sleep(60)"]
    ours = marker.of_attempt(night.root, "t1", 1)
    other = marker.of_attempt(tmp_path, "t1", 1)
    left = subprocess.Popen(argv, env={"NIGHTRUN_ATTEMPT": ours}, start_new_session=True)
    foreign = subprocess.Popen(argv, env={"NIGHTRUN_ATTEMPT": other}, start_new_session=True)
    try:
        night.start().running()
        assert left.wait(5) == -signal.SIGKILL
        assert "ended 1 process that an earlier run left" in night.said
        assert foreign.poll() is None
        assert night.stop() == 0
        assert foreign.poll() is None
    finally:
        foreign.kill()
        foreign.wait()


# -- hours and idle


def test_after_its_hours_nothing_is_begun_and_what_runs_is_finished(night: Night) -> None:
    night.mode("api", "busy")
    night.start(plan={"hours": 0.5 / 3600}).running().until_said("the hours are over after ")
    assert (night.root / "paused").read_text() == supervisor.HOURS_REASON
    time.sleep(0.3)
    assert night.child is not None and night.child.poll() is None
    night.mode("api", "")
    assert night.end() == 0
    assert "the hours are over; all went well" in night.said
    assert not (night.root / "paused").exists()


@pytest.mark.parametrize(("hours_ago", "goes_on"), [(3, True), (25, False)])
def test_a_run_that_was_killed_goes_on_with_its_night_for_a_day(night: Night, hours_ago: float, goes_on: bool) -> None:
    """So that what restarts a run which died gives it no new budget; its run.json is still there then."""
    began = time.time() - hours_ago * 3600
    night.state.path.mkdir()
    night.state.run_json.write_text(json.dumps({"night_since": began}))
    night.start().running()
    assert (night.run_json()["night_since"] == began) is goes_on
    assert night.stop() == 0


def test_intake_that_an_earlier_run_closed_is_open_again(night: Night) -> None:
    (night.root / "paused").write_text(supervisor.HOURS_REASON)
    night.start().running()
    assert not (night.root / "paused").exists()
    assert night.stop() == 0


def test_a_pause_of_a_person_stays(night: Night) -> None:
    (night.root / "paused").write_text("I am debugging")
    night.start().running()
    assert night.stop() == 0
    assert (night.root / "paused").exists()


def test_until_idle_ends_when_no_runner_can_be_kept_alive(night: Night) -> None:
    night.mode("runner-1", "die")
    night.start(plan={"until_idle": True})
    assert night.end() == 1
    assert "ending: the work cannot go on" in night.said
    assert night.fatal()["reason"] == "runner_restart_failed"


def test_until_idle_ends_with_0_when_runner_and_monitor_say_that_nothing_is_left(night: Night) -> None:
    night.mode("runner-1", "idle")
    night.mode("monitor", "looks")
    (night.root / "open").touch()
    night.start(plan={"until_idle": True}, real=["api"]).running("runner-1", "monitor")
    time.sleep(0.5)
    assert night.child is not None and night.child.poll() is None
    (night.root / "open").unlink()
    assert night.end() == 0
    assert "nothing is left to do; all went well" in night.said
    assert night.left() == []


def test_until_idle_does_not_wait_for_a_monitor_that_was_given_up(night: Night) -> None:
    night.mode("runner-1", "idle")
    night.mode("monitor", "die")
    night.start(plan={"until_idle": True}, real=["api"])
    assert night.end() == 0
    assert "FATAL monitor_restart_failed" in night.said


def test_until_idle_tells_what_was_not_begun_and_ends_with_1(night: Night) -> None:
    night.mode("runner-1", "idle")
    night.mode("monitor", "looks")
    api = Process(night.root).ready()
    api.client().pause("intake", "I look at it")
    api.client().add_task("Add a flag", "impl")
    assert api.stop() == 0
    night.start(plan={"until_idle": True}, real=["api"])
    assert night.end() == 1
    assert "nothing is left to do; not all went well:" in night.said
    assert "intake is paused: I look at it" in night.said


def test_the_machine_is_kept_awake_while_there_is_work_and_the_run_says_so(night: Night, tmp_path: Path) -> None:
    text = 'for one; do case $one in --*) shift ;; *) break ;; esac; done\necho >"$LOCK"\n"$@"\nrm "$LOCK"\n'
    name, lock = ("caffeinate" if sys.platform == "darwin" else "systemd-inhibit"), tmp_path / "lock"
    write(tmp_path, f"bin/{name}", f"#!/bin/sh\n{text}").chmod(0o755)
    night.mode("api", "busy")
    env = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "LOCK": str(lock)}
    night.start(env=env, plan={"keep_awake": True})
    night.until_said(f"the machine is kept from going to sleep while there is work ({name})")
    assert lock.exists()
    night.stop()
    assert "the machine may go to sleep again: the run ends" in night.said
    assert not lock.exists()
