"""The cells: each puts one fault into a run and waits for what the rules of reliability.md want to come of it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import nightrun
from nightrun.hands import clock
from tests.matrix.scene import Outcome, Scene
from tests.stories.night import script

PACKAGE = Path(nightrun.__file__).parent
STARTS_S = 20.0  # for a part to start on a machine that has much else to do
HUNG_S, LOOKS_S, ABORT_S = 90.0, 5.0, 5.0
SLACK_S = 60.0  # that a runner may take longer than it said for a step
GIVEN_UP = 6  # deaths: more than five in ten minutes


@dataclass(frozen=True, kw_only=True)
class Cell:
    """`limit_s` and `starts` (of the part, after its first) are what the rules allow."""

    part: str
    fault: str
    rules: str
    limit_s: float
    starts: int | None  # None: it is the supervisor's, or does not count
    play: Callable[[Scene], Outcome]

    @property
    def name(self) -> str:
        return f"{self.part}: {self.fault}"


# -- one part, in the same way for each


def killed(part: str, scene: Scene) -> Outcome:
    old = scene.start().send(part, signal.SIGKILL)
    return scene.outcome(scene.until(lambda: scene.works(part, not_as=old), "it works again"))


def hangs(part: str, number: int, scene: Scene) -> Outcome:
    """Stopped by a signal, or its main thread sleeps for ever."""
    old = scene.start().send(part, number)
    took = scene.until(lambda: scene.works(part, not_as=old), "it works again")
    stacks = scene.log(part)
    scene.holds("Fatal Python error: Aborted" in stacks, "its stacks are in its log (S4)")
    if number == signal.SIGUSR2:
        scene.holds("hang_for_ever" in stacks, "its stacks show where it hung (S4)")
    return scene.outcome(took, "stacks in its log")


def crash_loop(part: str, lived: float, scene: Scene) -> Outcome:
    """Until it is given up; the other parts go on."""
    kind = part.partition("-")[0]
    scene.start().fault(kind, f"die {lived}")
    scene.send(part, signal.SIGKILL)
    took = scene.until(lambda: "FATAL" in scene.log(), "it is given up")
    deaths = len(re.findall(rf" {part} ended ", scene.log()))
    scene.holds(deaths == GIVEN_UP, f"{GIVEN_UP} deaths, not {deaths} (S2)")
    time.sleep(10)
    scene.holds(scene.log().count("FATAL") == 1, "it is told once (S2)")
    fatal = json.loads(scene.state.fatal_issues.read_text())
    scene.holds(fatal["reason"] == f"{kind}_restart_failed", "fatal_issues.json says which")
    others = [one for one in ("api", "monitor", "runner-1") if one != part]
    scene.holds(not any(scene.starts(one) for one in others), "the others go on")
    return scene.outcome(took, f"given up after {deaths} deaths")


def failing_rounds(part: str, scene: Scene) -> Outcome:
    """It lives and its heart beats, but no round of it goes well."""
    kind = part.partition("-")[0]
    scene.fault(kind, "rounds")
    scene.begun = time.monotonic()
    scene.start()
    old = scene.night.pids(part)
    scene.begun = time.monotonic()
    scene.until(lambda: "a fault of the test" in scene.log(part), "its rounds fail")
    (scene.faults / kind).unlink()
    return scene.outcome(scene.until(lambda: scene.works(part, not_as=old), "it was started anew"))


# -- the API


def api_lacks_metrics(fault: str, scene: Scene) -> Outcome:
    if fault == "old":
        shutil.copytree(PACKAGE, scene.faults / "old" / "nightrun", ignore=shutil.ignore_patterns("__pycache__"))
        old = scene.faults / "old/nightrun/flows/api_monitor.py"
        old.write_text(old.read_text().replace('get("/metrics"', 'get("/metrics-of-later"'))
        assert "metrics-of-later" in old.read_text()
    scene.fault("api", fault)
    scene.start()
    scene.begun = time.monotonic()
    if fault == "old":
        return scene.outcome(scene.until(lambda: scene.client.metrics(), "it has its metrics"))
    took = scene.until(lambda: _open(scene, "api_stale"), "it is an issue")
    time.sleep(90)  # neither the monitor's next look nor the supervisor's probes restart it again
    return scene.outcome(took, "then an issue")


def _open(scene: Scene, condition: str) -> bool:
    issues = json.loads(scene.state.monitor_issues.read_text())["issues"]
    return any(one["condition"] == condition for one in issues)


def api_answers_garbage(scene: Scene) -> Outcome:
    """Nobody else is started again for it."""
    scene.fault("api", "garbage")
    scene.launch()
    scene.begun = time.monotonic()
    took = scene.until(lambda: _open(scene, "api_unreachable"), "the monitor tells it")
    scene.holds(scene.starts("monitor") == scene.starts("runner-1") == 0, "what asks it is not restarted (S3)")
    return scene.outcome(took, "then an issue")


def port_taken_at_start(scene: Scene) -> Outcome:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        scene.begun = time.monotonic()
        scene.launch(PIPELINE_API_PORT=str(port))
        assert scene.night.run is not None
        code = scene.night.run.wait(120)
        took = time.monotonic() - scene.begun
        scene.holds(code == 1, f"it ends with 1, not {code}")
        scene.holds(f"Port {port} on 127.0.0.1 cannot be used" in scene.night.log.read_text(), "it says why (13)")
        socket.create_connection(stranger.getsockname(), timeout=5).close()
    return scene.outcome(took, "the run ends and says why; the stranger is untouched")


def port_taken_meanwhile(scene: Scene) -> Outcome:
    scene.start()
    port = int(json.loads(scene.state.api_json.read_text())["url"].rpartition(":")[2])
    old = scene.send("api", signal.SIGKILL)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(stranger, port)
        stranger.listen()
        took = scene.until(lambda: scene.works("api", not_as=old), "it works on another port")
        scene.holds(f":{port}" not in json.loads(scene.state.api_json.read_text())["url"], "another port (13)")
    return scene.outcome(took, "on another port")


def _bind(stranger: socket.socket, port: int) -> None:
    """As soon as the dead API has let it go."""
    for _ in range(200):
        try:
            stranger.bind(("127.0.0.1", port))
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise AssertionError("the port was not free")


# -- a runner with an agent at work


def runner_with_agent(number: int, scene: Scene) -> Outcome:
    """Its agent is ended, its task is done by the next attempt, and is one commit."""
    first = scene.folder / "first-attempt"
    scene.start()
    text = f"test -e {first} && echo done >done.txt && exit; touch {first}; sleep 1000"
    task = scene.client.add_task(script(text, "Do it"), "impl")
    scene.until(first.exists, "an agent works", 60)
    agents = _identities(scene)
    scene.send("runner-1", number)
    if number == signal.SIGKILL:
        gone = scene.until(lambda: all(scene.is_gone(*one) for one in agents), "the agent is gone")
        scene.holds(gone <= 2 + 1, f"the agent is gone in 2 s, not {gone:.1f} s (1)")
    again = scene.until(lambda: scene.client.task(task.id).attempt == 2, "it is tried again")
    took = scene.until(lambda: scene.client.task(task.id).commit_state == "landed", "it has landed")
    scene.holds(all(scene.is_gone(*one) for one in agents), "the first agent is gone")
    scene.holds(len(scene.night.subjects()) == 1, "one commit")
    outcomes = [one["outcome"] for one in scene.client.attempts(task.id)]
    scene.holds("interrupted" in outcomes, f"the attempt is interrupted, not {outcomes} (1)")
    return scene.outcome(again, f"second attempt after {again:.0f} s, landed after {took:.0f} s")


def _identities(scene: Scene) -> list[tuple[int, float]]:
    """Of the agents that work now."""
    return [one for one in map(clock.process_identity, scene.night.left()) if one is not None]


def restart_drains(scene: Scene) -> Outcome:
    """A restart that is asked for waits for the task at hand."""
    scene.start()
    task = scene.client.add_task(script("sleep 15; echo 1 >one.txt", "Do it"), "impl")
    scene.until(lambda: scene.client.task(task.id).status == "running", "it runs", 60)
    old = scene.night.pids("runner-1")
    asked = scene.state.restart_requested
    asked.with_suffix(".new").write_text(json.dumps({"reason": "a new agent", "target": "runner", "at": time.time()}))
    asked.with_suffix(".new").replace(asked)
    scene.begun = time.monotonic()
    took = scene.until(lambda: scene.works("runner-1", not_as=old), "it was restarted", 120)
    done = scene.client.task(task.id)
    scene.holds((done.status, done.attempt) == ("completed", 1), "the task was finished first (S8)")
    return scene.outcome(took, "its task was finished first")


# -- the supervisor


def supervisor_killed(scene: Scene) -> Outcome:
    """Its parts and their agents end; a new one finds nothing in its way, and does the task."""
    scene.start()
    marker = scene.folder / "first-attempt"
    text = f"test -e {marker} && echo done >done.txt && exit; touch {marker}; sleep 1000"
    scene.client.add_task(script(text, "Do it"), "impl")
    scene.until(marker.exists, "an agent works", 60)
    parts = json.loads(scene.state.run_json.read_text())["parts"].values()
    all_of_it = [(one["pid"], one["start_time"]) for one in parts]
    all_of_it += _identities(scene)
    scene.send("supervisor", signal.SIGKILL)
    took = scene.until(lambda: all(scene.is_gone(*one) for one in all_of_it), "all of it has ended")
    scene.launch("--until", "idle")
    code = scene.night.ended(240)
    scene.holds(code == 0, f"the next run ends with 0, not {code}")
    scene.holds(len(scene.night.subjects()) == 1, "one commit")
    return scene.outcome(took, "its parts and the agent ended; the next run did the task, one commit")


def supervisor_stopped(scene: Scene) -> Outcome:
    """For longer than a part may hang: what it did not see is not held against the parts, and the work goes on."""
    scene.start()
    scene.send("supervisor", signal.SIGSTOP)
    scene.client.add_task(script("echo 1 >one.txt", "Do it"), "impl")
    landed = scene.until(lambda: len(scene.night.subjects()) == 1, "work goes on without it")
    time.sleep(max(0.0, HUNG_S + 20 - landed))
    scene.send("supervisor", signal.SIGCONT)
    time.sleep(15)
    scene.holds(not any(scene.outcome(0).starts.values()), "nothing is restarted")
    return scene.outcome(landed, "a task landed meanwhile; nothing is restarted after SIGCONT")


def supervisor_hangs(scene: Scene) -> Outcome:
    """Without systemd nobody is there to start it again: work goes on, `nightrun stop` says what to do."""
    scene.start()
    scene.send("supervisor", signal.SIGUSR2)
    scene.client.add_task(script("echo 1 >one.txt", "Do it"), "impl")
    landed = scene.until(lambda: len(scene.night.subjects()) == 1, "work goes on without it")
    said = scene.night.call("stop", code=1)
    assert scene.night.run is not None
    scene.holds(f"kill -9 {scene.night.run.pid}" in said, "stop says what to do")
    scene.send("supervisor", signal.SIGKILL)
    return scene.outcome(landed, "a task landed meanwhile; `nightrun stop` names kill -9")


def second_supervisor(scene: Scene) -> Outcome:
    scene.start()
    scene.begun = time.monotonic()
    argv = [sys.executable, "-P", "-m", "nightrun", "autonomous", "--repo", str(scene.night.root)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    took = time.monotonic() - scene.begun
    assert scene.night.run is not None
    said = f"(supervisor pid {scene.night.run.pid})"
    scene.holds(done.returncode == 75 and said in done.stderr, f"75 and who works, not {done.returncode}")
    scene.holds(all(scene.works(one) for one in ("api", "monitor", "runner-1")), "the first goes on")
    return scene.outcome(took, "exit code 75, it names the first")


def ordered_stop(scene: Scene) -> Outcome:
    """With an agent that does not want to end."""
    scene.start()
    first = scene.folder / "began"
    scene.client.add_task(script(f"trap '' TERM; touch {first}; sleep 1000; sleep 1000", "Do it"), "impl")
    scene.until(first.exists, "an agent works", 60)
    scene.begun = time.monotonic()
    code = scene.night.stop()
    took = time.monotonic() - scene.begun
    scene.holds(code == 0, f"0, not {code}")
    scene.holds(not scene.night.left(), "no process is left")
    states = [one.status for one in scene.night.tasks()]
    scene.holds(states == ["pending"], f"its task waits again, it is not {states}")
    return scene.outcome(took, "nothing is left, the task waits again")


def upgraded(scene: Scene) -> Outcome:
    """Another build is installed while a task runs: it is finished, then one build id is everywhere."""
    package = scene.folder / "installed"
    shutil.copytree(PACKAGE, package / "nightrun", ignore=shutil.ignore_patterns("__pycache__"))
    scene.start(package=package)
    task = scene.client.add_task(script("sleep 100; echo 1 >one.txt", "Do it"), "impl")
    scene.until(lambda: scene.client.task(task.id).status == "running", "it runs", 60)
    before, pid = scene.client.health(), json.loads(scene.state.run_json.read_text())["pid"]
    with (package / "nightrun/__init__.py").open("a") as file:
        file.write("# newer\n")
    scene.begun = time.monotonic()
    took = scene.until(lambda: scene.client.health()["build_id"] != before["build_id"], "the new build runs")
    scene.until(lambda: all(scene.works(one) for one in ("api", "monitor", "runner-1")), "all of it works")
    done = scene.client.task(task.id)
    scene.holds((done.attempt, done.commit_state) == (1, "landed"), "the task was finished first (70)")
    scene.holds(json.loads(scene.state.run_json.read_text())["pid"] == pid, "the supervisor is the same process")
    scene.holds(scene.log().count("going on as build ") == 1, "once (70)")
    return scene.outcome(took, "its task was finished first; supervisor and parts run the new build")


# -- all of them


def _each(part: str) -> list[Cell]:
    answers = part == "api"  # to probes; the others show a heartbeat
    hung = 3 * 10 + 3 * 2 + ABORT_S if answers else HUNG_S + LOOKS_S + ABORT_S
    late = 0 if answers or part == "monitor" else SLACK_S + 20 + 30  # the claim it waits for, and its slack
    cell = partial(Cell, part=part)
    rules = "S3, 8" if answers else "S4, 7" if part != "monitor" else "S4, A13, 42"
    short, long = 31 * 1.2 + GIVEN_UP * (STARTS_S / 4), 31 * 1.2 + GIVEN_UP * (30 + STARTS_S / 4)
    return [
        cell(fault="SIGKILL", rules="S1", limit_s=1.2 + STARTS_S, starts=1, play=partial(killed, part)),
        cell(
            fault="SIGSTOP",
            rules=rules,
            limit_s=hung + STARTS_S,
            starts=1,
            play=partial(hangs, part, signal.SIGSTOP),
        ),
        cell(
            fault="its main thread hangs",
            rules=rules,
            limit_s=hung + late + STARTS_S,
            starts=1,
            play=partial(hangs, part, signal.SIGUSR2),
        ),
        cell(
            fault="dies 0.2 s after each start",
            rules="S1, S2, 10",
            limit_s=short,
            starts=GIVEN_UP - 1,
            play=partial(crash_loop, part, 0.2),
        ),
        cell(
            fault="dies 30 s after each start",
            rules="S1, S2, 10",
            limit_s=long,
            starts=GIVEN_UP - 1,
            play=partial(crash_loop, part, 30),
        ),
    ]


def _rounds(part: str) -> Cell:
    play = partial(failing_rounds, part)
    return Cell(
        part=part, fault="all its rounds fail", rules="S4", limit_s=HUNG_S + 30 + 1.2 + STARTS_S, starts=1, play=play
    )


def _api(fault: str, rules: str, limit_s: float, starts: int | None, play: Callable[[Scene], Outcome]) -> Cell:
    return Cell(part="api", fault=fault, rules=rules, limit_s=limit_s, starts=starts, play=play)


def _supervisor(fault: str, rules: str, limit_s: float, play: Callable[[Scene], Outcome]) -> Cell:
    return Cell(part="supervisor", fault=fault, rules=rules, limit_s=limit_s, starts=None, play=play)


def _runner(fault: str, rules: str, limit_s: float, starts: int, play: Callable[[Scene], Outcome]) -> Cell:
    return Cell(part="runner-1", fault=fault, rules=rules, limit_s=limit_s, starts=starts, play=play)


CELLS = (
    *_each("api"),
    _api("old build, no metrics", "A12, 11", 30 + 2 * 30 + STARTS_S, 1, partial(api_lacks_metrics, "old")),
    _api("current build, no metrics", "A12, 12", 3 * 60 + STARTS_S, 1, partial(api_lacks_metrics, "404")),
    _api("answers garbage", "S3", 3 * 60 + STARTS_S, 0, api_answers_garbage),
    _api("its port is a stranger's at the start", "13", 30 + STARTS_S, None, port_taken_at_start),
    _api("its port is taken while it is away", "13", 1.2 + STARTS_S, 1, port_taken_meanwhile),
    *_each("monitor"),
    _rounds("monitor"),
    *_each("runner-1"),
    _rounds("runner-1"),
    _runner("SIGKILL, agent at work", "1, S10", 30 + STARTS_S, 1, partial(runner_with_agent, signal.SIGKILL)),
    _runner(
        "SIGSTOP, agent at work", "7, S4", HUNG_S + 10 + 30 + STARTS_S, 1, partial(runner_with_agent, signal.SIGSTOP)
    ),
    _runner(
        "hangs, agent at work",
        "7, S4",
        SLACK_S + HUNG_S + 10 + 30 + STARTS_S,
        1,
        partial(runner_with_agent, signal.SIGUSR2),
    ),
    _runner("restart asked for, agent at work", "S8, 51", 15 + STARTS_S, 1, restart_drains),
    _supervisor("SIGKILL, agent at work", "2, S6, S10", 1 + 25, supervisor_killed),
    _supervisor("SIGSTOP for 110 s", "S4, 40", 30 + STARTS_S, supervisor_stopped),
    _supervisor("its main thread hangs (no systemd)", "2", 30 + STARTS_S, supervisor_hangs),
    _supervisor("a second one is started", "14, S6", 3 * STARTS_S, second_supervisor),
    _supervisor("SIGTERM, agent ignores it", "S7, 16, 68", 45, ordered_stop),
    _supervisor("another build is installed", "70", 2 * 60 + 100 + 2 * STARTS_S, upgraded),
)
