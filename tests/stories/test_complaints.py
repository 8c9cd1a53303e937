"""What users of other systems complain about most, each as one story: an agent that behaves so, and what comes of it.

The numbers are those of peers.md section 2. One night, three runners, in the sandbox where there is one.

| complaint | test |
|---|---|
| 1 usage limits must pause, not fail, and resume at the stated time | `test_01_...`, also that a person's word counts |
| 4 loops that spend without progress | `test_04_...` |
| 6 leaked processes | `test_06_...`; every way to leak and to stop: `test_bad_agents.py`, `test_stop.py` |
| 7 silent hangs, and results whose process never exits | `test_07_...` |
| 10 a restart loses or doubles the state, poison starves the rest | `test_10_...`; at random: `test_killed.py` |
| 11 worktree arrives unusable | `test_11_...` |
| 14 an agent harms the runner | `test_14_...` |
| 15 fall back to another agent | `test_15_...` |
| 17 one shared fault drains the whole queue | `test_17_...` |
| 22 a question blocks the night | `test_22_...` |
| 24 the machine sleeps | `test_24_...` |
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nightrun.words.task import Task
from tests.agents.ends import RECORDED
from tests.conftest import seal
from tests.nights.run import started_with
from tests.stories.conftest import Nights
from tests.stories.night import Night, all_tasks, check_one_commit_each, program, wait_until
from tests.story import commit_all, git_out, write

RUNNERS = 3
LIMIT_S = 5.0
ATTEMPTS = 3
SAME = "if test -e broken.txt; then cat broken.txt; exit 1; fi"
# What a project needs that is not in git: made in each worktree, and linked into it.
NEEDS = "test -e deps/lib && test -L .env && ! test -e spoilt.txt"


def shell(text: str) -> list[str]:
    return ["sh", "-c", text]


def call(name: str, *args: str) -> str:
    return " ".join([*program(name), *(f'"{one}"' for one in args)])


def agents(port: int) -> dict[str, Any]:
    """Agent -> its settings; `$OUT` is a folder outside of the repository."""
    own = '"$PIPELINE_TASK_ID.txt"'
    commands = {
        "limited": shell(call("at_its_limit.py", "$OUT/limited", "0", str(LIMIT_S), "$PIPELINE_TASK_ID.txt")),
        "kept": shell(call("at_its_limit.py", "$OUT/kept", "0", "1", "kept.txt")),
        "again": shell("echo again >>$OUT/again; echo same >broken.txt"),
        "leaks": shell(f"{call('forks_daemon.py', '$OUT/leaked', '600')}; echo x >leaks.txt"),
        "silent": program("sleeps.py", "600"),
        "dies": shell(call("wants_death.py", "$OUT/death", "$PIPELINE_TASK_ID.txt")),
        "poison": shell(call("wants_death.py", "$OUT/death", "poison.txt", "99")),
        "serves": shell(call("serves.py", "$OUT/meet", str(port), "$PIPELINE_TASK_ID.txt")),
        "spoils": shell("echo x >spoilt.txt"),
        "kills": shell(call("kills_runner.py", "$OUT/killed")),
        "spent": shell("echo spent >>$OUT/spent; exit 75"),
        "backup": shell(f"echo x >{own}"),
        "login": shell(call("logged_out.py", "$OUT/login", "$PIPELINE_TASK_ID.txt")),
        "asks": shell(call("asks.py", "asks.txt")),
    }
    found: dict[str, Any] = {name: {"command": argv, "prompt": "stdin"} for name, argv in commands.items()}
    stays = f"cat >$OUT/prompt; echo x >stays.txt; cat {RECORDED}/claude/success.jsonl; exec sleep 600"
    found["stays"] = {"preset": "claude", "command": shell(stays), "prompt": "stdin"}
    return found


# Agent -> the type of its tasks and how many there are; without an agent the policy's list counts.
TASKS = {
    "limited": ("impl", 3),
    "kept": ("impl", 1),
    "again": ("impl", 1),
    "leaks": ("impl", 1),
    "silent": ("test", 1),
    "stays": ("test", 1),
    "dies": ("impl", 1),
    "poison": ("impl", 1),
    "serves": ("spec", 2),
    "spoils": ("spec", 1),
    "kills": ("impl", 1),
    "": ("review", 2),
    "login": ("impl", 6),
    "asks": ("impl", 1),
}


@dataclass
class Morning:
    night: Night
    out: Path
    ids: dict[str, list[str]] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    before_login: list[Task] = field(default_factory=list)
    tried_before_login: int = 0

    def of(self, name: str) -> list[Task]:
        return [self.tasks[one] for one in self.ids[name]]

    def one(self, name: str) -> Task:
        return self.of(name)[0]

    def outcomes(self, name: str) -> list[list[str]]:
        return [[str(row["outcome"]) for row in self.attempts[one]] for one in self.ids[name]]

    def landed(self, name: str) -> list[Task]:
        tasks = self.of(name)
        assert {(one.status, one.commit_state) for one in tasks} == {("completed", "landed")}, (
            tasks,
            self.night.said(),
        )
        return tasks


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    folder = tmp_path_factory.mktemp("complaints")
    with pytest.MonkeyPatch.context() as patch:
        seal(folder, patch)
        made = begin(folder)
        try:
            run(made)
            yield made
        finally:
            made.night.close()


def free_ports() -> int:
    """A number after which there are as many free ports as there are runners."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as found:
            first = int(found.getsockname()[1])
        if first + RUNNERS < 65_000:
            return first


def begin(folder: Path) -> Morning:
    out = folder / "out"
    for name in ("death", "meet"):
        (out / name).mkdir(parents=True)
    all_agents = {name: {**one, "env": {"OUT": str(out)}} for name, one in agents(free_ports()).items()}
    policy = {
        "agents": all_agents,
        "task_types": {
            "impl": {"gate": [["sh", "-c", SAME]]},
            "spec": {"gate": [["sh", "-c", NEEDS]]},
            "test": {"silence": "2s", "verdict": False},
            "review": {"agent": ["spent", "backup"], "verdict": False},
        },
        "workspace": {"setup": [["sh", "-c", "mkdir deps && echo lib >deps/lib"]], "link": [".env"]},
        "limits": {"attempts": ATTEMPTS, "backoff": ["100ms"]},
    }
    night = Night(folder / "repo", policy, in_sandbox=True)
    write(night.root, ".gitignore", "deps/\n")
    commit_all(night.root, "begin")
    write(night.root, ".env", "SETTING=1\n")  # a file of the person that git does not know
    return Morning(night=night, out=out)


def run(made: Morning) -> None:
    night = made.night
    with night.api() as client:
        for name, (kind, count) in TASKS.items():
            more = {"agent": name} if name else {}
            made.ids[name] = [client.add_task(f"{name} {n}", kind, **more).id for n in range(count)]
    night.start("--runners", str(RUNNERS), env={"PIPELINE_AUTO_FIX_ENABLED": "0"})
    client = night.ready()

    def paused(agent: str) -> bool:
        kill_who_wants_it(made)
        return any(one["scope"] == f"agent:{agent}" for one in client.pauses())

    wait_until(lambda: paused("kept"), lambda: f"the limit of `kept`\n{night.said()}", 60.0)
    client.pause("agent:kept", "I want to be asked first")
    wait_until(lambda: is_over(made, {"login", "kept"}), lambda: f"all but what waits has ended\n{night.said()}", 120.0)
    made.before_login = [client.task(one) for one in made.ids["login"]]
    made.tried_before_login = sum(len(client.attempts(one)) for one in made.ids["login"])
    (made.out / "login").write_text("")
    night.call("agents", "check", "login")
    wait_until(lambda: is_over(made, {"kept"}), lambda: f"what waited for the login has ended\n{night.said()}", 60.0)
    made.tasks = {one.id: one for one in all_tasks(client)}
    made.attempts = {one: client.attempts(one) for one in made.tasks}
    night.stop()


def is_over(made: Morning, waiting: set[str]) -> bool:
    kill_who_wants_it(made)
    tasks = {one.id: one for one in all_tasks(made.night.client)}
    wait = {one for name in waiting for one in made.ids[name]}
    return all(
        (key in wait and one.status == "pending" and one.waiting_reason is not None)
        or (
            one.status in ("completed", "failed", "needs_decision") and one.commit_state not in ("pending", "committed")
        )
        for key, one in tasks.items()
    )


def kill_who_wants_it(made: Morning) -> None:
    for asked in (made.out / "death").iterdir():
        name = asked.read_text()
        if name:
            os.kill(made.night.pids(name), signal.SIGKILL)
            asked.write_text("")


def starts(made: Morning, name: str) -> list[tuple[float, str]]:
    lines = (made.out / name / "starts").read_text().splitlines()
    return [(float(line.split()[0]), line.split()[1]) for line in lines]


def test_01_a_usage_limit_pauses_its_agent_and_ends_at_the_stated_time(morning: Morning) -> None:
    resets_at = float((morning.out / "limited/resets_at").read_text())
    begun = [at for at, _ in starts(morning, "limited")]
    assert {one.failures for one in morning.landed("limited")} == {0}
    assert sum(what == "limit" for _, what in starts(morning, "limited")) <= RUNNERS
    after = [at for at in begun if at >= resets_at]
    assert 0 <= min(after) - resets_at <= 60, "the reset was not honoured"
    assert [at for at in begun if resets_at - LIMIT_S + 3 < at < resets_at] == [], "it was tried while it was paused"


def test_01_a_limit_that_is_over_does_not_end_the_pause_of_a_person(morning: Morning) -> None:
    """claude-code 95803: it resumed for hours while its owner slept."""
    task = morning.one("kept")
    assert (task.status, task.failures) == ("pending", 0)
    assert [what for _, what in starts(morning, "kept")] == ["limit"]
    assert "I want to be asked first" in (task.waiting_reason or "")


def test_04_what_makes_the_same_mistake_again_is_not_tried_for_ever(morning: Morning) -> None:
    task = morning.one("again")
    assert task.status in ("failed", "needs_decision")
    tries = (morning.out / "again").read_text().splitlines()
    assert 2 <= len(tries) == len(morning.outcomes("again")[0]) <= ATTEMPTS
    assert set(morning.outcomes("again")[0]) == {"gate"}


def test_06_what_an_agent_leaves_behind_is_gone_with_it(morning: Morning) -> None:
    morning.landed("leaks")
    assert (morning.out / "leaked").exists()
    assert started_with(str(morning.out / "leaked")) == []
    assert morning.night.left() == []


def test_07_a_hang_is_ended_and_a_result_counts_although_its_process_stays(morning: Morning) -> None:
    assert morning.outcomes("silent") == [["silent"] * len(morning.outcomes("silent")[0])]
    morning.landed("stays")
    assert morning.outcomes("stays") == [["completed"]]


def test_10_a_runner_that_dies_loses_and_doubles_nothing_and_a_poison_task_starves_nobody(morning: Morning) -> None:
    morning.landed("dies")
    assert morning.outcomes("dies") == [["interrupted", "completed"]]
    poison = morning.one("poison")
    assert (poison.status, poison.failures) == ("needs_decision", 0)
    assert "3 runners in a row went away" in (poison.decision_prompt or "")
    assert [one.id for one in morning.tasks.values() if one.status == "running"] == []
    check_one_commit_each(morning.night, list(morning.tasks.values()))


def test_11_a_worktree_has_what_the_project_needs_and_none_of_it_is_committed(morning: Morning) -> None:
    tasks = morning.landed("serves")
    assert [one.attempt for one in tasks] == [1, 1]
    numbers = {(morning.out / "meet" / one.id).read_text() for one in tasks}
    assert len(numbers) == 2, "two that ran at once had the same port"
    for one in tasks:
        assert git_out(morning.night.root, "show", f"main:{one.id}.txt") == "lib SETTING=1"
    files = git_out(morning.night.root, "ls-tree", "-r", "--name-only", "main").splitlines()
    assert [one for one in files if one.startswith(("deps", ".env"))] == []
    kept = git_out(morning.night.root, "log", "--all", "--format=", "--name-only").splitlines()
    assert ".env" not in kept


def test_11_the_targets_own_gate_finds_the_same_so_that_it_excuses_nothing(morning: Morning) -> None:
    """Without the links the target failed its own gate, and no failure was anybody's any more."""
    task = morning.one("spoils")
    # The same change three times is also no progress, which is asked about.
    assert (task.status, task.error_class, task.failures) == ("needs_decision", "gate", ATTEMPTS)
    assert "the target itself" not in (task.error_summary or "")


def test_14_an_agent_that_kills_its_runner_costs_only_its_own_attempt(morning: Morning) -> None:
    morning.landed("kills")
    assert len(morning.outcomes("kills")[0]) == 2
    assert git_out(morning.night.root, "show", "main:survived.txt") == "there is a runner again"
    assert git_out(morning.night.root, "status", "--porcelain") == "?? .env"


def test_15_when_an_agent_is_spent_the_next_of_the_list_does_its_work(morning: Morning) -> None:
    tasks = morning.landed("")
    assert {(one.agent, one.failures) for one in tasks} == {("backup", 0)}
    assert len((morning.out / "spent").read_text().splitlines()) <= len(tasks)
    assert {row[-1] for row in morning.outcomes("")} == {"completed"}
    assert {one for row in morning.outcomes("") for one in row[:-1]} == {"limit"}


def test_17_one_shared_fault_does_not_drain_the_queue(morning: Morning) -> None:
    """alpha-loop 431: an expired login, 13 s per task, all of them failed."""
    assert {(one.status, one.failures) for one in morning.before_login} == {("pending", 0)}
    assert 1 <= morning.tried_before_login <= RUNNERS
    assert {one.failures for one in morning.landed("login")} == {0}


def test_22_a_question_gets_no_answer_and_blocks_nothing(morning: Morning) -> None:
    task = morning.landed("asks")[0]
    assert git_out(morning.night.root, "show", "main:asks.txt") == "no terminal, nobody"
    assert task.attempt == 1


def test_24_an_attempt_that_the_machine_slept_through_is_nobodys_fault(new_night: Nights, tmp_path: Path) -> None:
    """loom 3350, orch 3491: healthy work was blamed after the machine woke up.

    Connections break over a sleep, so the agent fails. The clocks of the run are set as a sleep leaves them.
    """
    slept, words = (
        tmp_path / "slept",
        "test -e {0} || {{ : >{0}; echo 'connection lost'; exit 3; }}; echo x >$PIPELINE_TASK_ID.txt",
    )
    agents = {"sleeper": {"command": shell(words.format(slept)), "prompt": "stdin"}}
    night = new_night({"agents": agents, "limits": {"attempts": 1}})
    with night.api() as client:
        ids = [client.add_task(f"Work {n}", "impl", agent="sleeper").id for n in range(2)]
    folder = Path(__file__).parent / "asleep"
    env = {"MACHINE_SLEPT": str(slept), "PYTHONPATH": os.pathsep.join((str(folder), *sys.path))}
    assert night.until_idle(env=env) == 0, night.said()
    with night.api() as client:
        tasks = [client.task(one) for one in ids]
        assert [row["outcome"] for row in client.attempts(ids[0])] == ["interrupted", "completed"]
    assert [(one.commit_state, one.failures) for one in tasks] == [("landed", 0), ("landed", 0)]
    check_one_commit_each(night, tasks)
