"""One night with agents that do everything wrong that agents do: what came of each is a test of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nightrun.hands import hooks, policy_file
from nightrun.words.task import Task
from tests.conftest import seal
from tests.stories.night import FORMAT, Night, all_tasks, program, script, wait_until
from tests.story import commit_all, git_out, write

KEY = "ghp" + "_" + "q7Zt2Vb9Lw4Xc6Rn1Ks8Jd3Hf5Gm0Py" + "Ta7Ue"
WHY = "REASON-OF-THE-GATE"
LIMIT = "Claude AI usage limit reached|4102444800\n"
LOG_BYTES = 64 << 10
ATTEMPTS = 2
GATE = f"if test -e broken.txt; then cat broken.txt; echo {WHY}; exit 1; fi"


def shell(text: str) -> list[str]:
    """An agent in a few words of shell. `$OUT` is a folder outside of the repository."""
    return ["sh", "-c", text]


def python(name: str, *args: str) -> str:
    return " ".join([sys.executable, str(Path(__file__).parents[1] / "agents" / name), *args])


# What the task is called -> its type and the command of its agent.
AGENTS: dict[str, tuple[str, list[str]]] = {
    "lies": ("impl", program("lies_about_success.py")),
    "fails": ("impl", program("fails.py", "3", "no idea how")),
    "slow": ("spec", program("sleeps.py", "60")),
    "silent": ("test", program("sleeps.py", "60")),
    "stubborn": (
        "spec",
        shell(
            f'if [ "$PIPELINE_ATTEMPT" = 1 ]; then exec {python("ignores_sigterm.py", "60", "$OUT/stubborn")}; fi; '
            "echo x >stubborn.txt"
        ),
    ),
    "flood": ("impl", shell(f"{python('floods_output.py', '20')}; echo x >flood.txt")),
    "hog": ("impl", program("memory_hog.py", "900")),
    "bomb": ("impl", program("fork_bomb.py", "300")),
    "daemon": ("impl", shell(f"{python('forks_daemon.py', '$OUT/daemon')}; echo x >daemon.txt")),
    "pipe": ("impl", shell(f"{python('keeps_pipe_open.py', '$OUT/pipe')}; echo x >pipe.txt")),
    "committer": ("impl", program("commits_itself.py", "own.txt", "own")),
    "policy": ("impl", program("edits_policy.py")),
    "makefile": ("impl", shell("echo 'check:; true' >Makefile")),
    "hook": ("impl", shell("mkdir -p hooks; echo 'exit 0' >hooks/commit-msg")),
    "secret": ("impl", program("leaks_secret.py")),
    "markers": ("impl", shell("printf '<<<<<<< HEAD\\na\\n=======\\nb\\n>>>>>>> other\\n' >merged.txt")),
    "nested": ("impl", program("nested_repo.py")),
    "link": ("impl", program("link_out.py")),
    "untaken": ("impl", shell("mkdir -p d/.GIT; echo x >d/.GIT/config")),
    "untested": ("impl", program("deletes_tests.py")),
    "later": ("impl", program("exits_75.py")),
    "unready": ("impl", program("fails.py", "78", "nobody is logged in")),
    "nowhere": ("impl", ["no-such-agent-program"]),
    "unstartable": ("impl", ["./unstartable"]),
    "quoter": ("impl", shell("cat notes.md; echo x >quoter.txt")),
    "crier": ("impl", program("prints_limit_message.py")),
    "pusher": (
        "impl",
        shell('git push origin HEAD:main >"$OUT/pusher" 2>&1; echo $? >>"$OUT/pusher"; echo x >pusher.txt'),
    ),
    "learner": (
        "impl",
        shell(
            'cat >"$OUT/learner.$PIPELINE_ATTEMPT"; '
            'if [ "$PIPELINE_ATTEMPT" = 1 ]; then echo first >broken.txt; else echo x >learner.txt; fi'
        ),
    ),
    "hopeless": ("impl", shell('echo "try $PIPELINE_ATTEMPT" >broken.txt')),
}
WAITING = ("later", "unready", "nowhere", "unstartable")


@dataclass
class Morning:
    """What is there when everything has come to its end."""

    night: Night
    out: Path
    remote: Path
    tasks: dict[str, Task] = field(default_factory=dict)
    attempts: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    pauses: dict[str, dict[str, Any]] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)  # of each part at its most, in KiB
    alive: list[int] = field(default_factory=list)  # of the agents, when all had ended and the runners had not
    ended: int = -1

    @property
    def root(self) -> Path:
        return self.night.root

    def failed_as(self, name: str, *, status: str = "failed") -> Task:
        """The task, which failed after all attempts; its class is the same in each."""
        task = self.tasks[name]
        assert task.status == status, (task, self.night.said())
        assert task.failures == task.attempt == ATTEMPTS
        assert [one["outcome"] for one in self.attempts[name]] == [task.error_class] * ATTEMPTS
        return task

    def landed(self, name: str) -> Task:
        task = self.tasks[name]
        assert (task.status, task.commit_state) == ("completed", "landed"), (task, self.night.said())
        return task

    def held(self, name: str) -> Task:
        task = self.tasks[name]
        assert (task.status, task.commit_state) == ("completed", "held"), (task, self.night.said())
        assert task.commit_sha and task.commit_sha not in git_out(self.root, "log", "--format=%H", "main")
        assert (task.commit_reason or "").startswith("a person must look at it first: ")
        return task

    def waits(self, name: str) -> Task:
        task = self.tasks[name]
        assert (task.status, task.failures) == ("pending", 0), (task, self.night.said())
        return task


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Morning]:
    folder = tmp_path_factory.mktemp("bad")
    with pytest.MonkeyPatch.context() as patch:
        seal(folder, patch)
        made = begin(folder)
        try:
            run(made)
            yield made
        finally:
            made.night.close()


def begin(folder: Path) -> Morning:
    out, remote = folder / "out", folder / "remote.git"
    out.mkdir()
    agents = {
        name: {"command": argv, "prompt": "stdin", "env": {"OUT": str(out)}} for name, (_, argv) in AGENTS.items()
    }
    types = {
        "spec": {"timeout": "1s"},
        "impl": {"gate": [["sh", "-c", GATE]], "timeout": "30s"},
        "test": {"silence": "1s"},
    }
    limits = {"attempts": ATTEMPTS, "backoff": ["100ms"], "task_log": "64KiB", "memory": "200MiB", "processes": 60}
    night = Night(folder / "repo", {"agents": agents, "task_types": types, "limits": limits}, in_sandbox=True)
    write(night.root, "test_calc.py", "def test_adds():\n    assert 1 + 1 == 2\n")
    write(night.root, "notes.md", LIMIT)
    write(night.root, "unstartable", "#!/no/such/interpreter\n").chmod(0o755)
    commit_all(night.root, "begin")
    git_out(night.root, "init", "-q", "--bare", str(remote))
    git_out(night.root, "remote", "add", "origin", str(remote))
    git_out(night.root, "push", "-q", "origin", "main")
    hooks.install(night.root, hooks.values_of(policy_file.load(night.root)))
    return Morning(night=night, out=out, remote=remote)


def run(made: Morning) -> None:
    night = made.night
    with night.api() as client:
        ids = {name: client.add_task(script("true", name), kind, agent=name).id for name, (kind, _) in AGENTS.items()}
    night.start("--runners", "3", env={"PIPELINE_AUTO_FIX_ENABLED": "0"})
    night.ready()
    wait_until(lambda: is_over(night, ids), lambda: f"all has come to an end\n{night.said()}", 90.0)
    client = night.client
    made.tasks = {name: client.task(one) for name, one in ids.items()}
    made.attempts = {name: client.attempts(one) for name, one in ids.items()}
    made.pauses = {str(one["scope"]): one for one in client.pauses()}
    made.memory = {name: peak_kib(night.pids(name)) for name in ("runner-1", "runner-2", "runner-3", "api")}
    made.alive = night.left()
    made.ended = night.stop()


def is_over(night: Night, ids: dict[str, str]) -> bool:
    tasks = {one.id: one for one in all_tasks(night.client)}
    waiting = {ids[name] for name in WAITING}
    return all(
        (one.waiting_reason is not None and one.status == "pending")
        if key in waiting
        else one.status in ("completed", "failed", "needs_decision")
        and one.commit_state not in ("pending", "committed")
        for key, one in tasks.items()
    )


def peak_kib(pid: int) -> int:
    said = Path(f"/proc/{pid}/status")
    if not said.exists():
        return 0
    return next(int(line.split()[1]) for line in said.read_text().splitlines() if line.startswith("VmHWM"))


def texts(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Everything that was written about the night: logs, the store, pages."""
    for path in sorted((root / ".pipeline").rglob("*")):
        if path.is_file() and "worktrees" not in path.parts:
            yield path, path.read_bytes()


# -- success is not what it says, but what is there


def test_an_agent_that_lies_about_success_has_changed_nothing(morning: Morning) -> None:
    task = morning.failed_as("lies")
    assert task.error_class == "no_change"
    assert "no file was changed" in (task.error_summary or "")


def test_an_agent_that_fails_is_told_with_its_last_line(morning: Morning) -> None:
    task = morning.failed_as("fails")
    assert (task.error_class, task.error_summary) == ("agent", "exit code 3: no idea how")
    assert "no idea how" in (task.output or "")


def test_a_gate_that_fails_once_is_in_the_next_prompt_with_its_output(morning: Morning) -> None:
    task = morning.landed("learner")
    assert (task.attempt, task.failures) == (2, 1)
    assert WHY not in (morning.out / "learner.1").read_text()
    assert WHY in (morning.out / "learner.2").read_text()
    assert git_out(morning.root, "show", f"pipeline/{task.id}.1:broken.txt") == "first"


def test_what_never_passes_fails_and_the_work_of_each_attempt_stays_on_its_branch(morning: Morning) -> None:
    task = morning.failed_as("hopeless")
    assert task.error_class == "gate"
    assert WHY in (task.output or "")
    for number in (1, 2):
        assert git_out(morning.root, "show", f"pipeline/{task.id}.{number}:broken.txt") == f"try {number}"
    assert "broken.txt" not in git_out(morning.root, "ls-tree", "--name-only", "main")


# -- time, processes, output


def test_an_agent_that_takes_too_long_is_ended(morning: Morning) -> None:
    assert morning.failed_as("slow").error_class == "timeout"


def test_an_agent_that_says_nothing_is_ended(morning: Morning) -> None:
    assert morning.failed_as("silent").error_class == "silent"


def test_an_agent_that_ignores_being_asked_to_end_is_killed(morning: Morning) -> None:
    task = morning.landed("stubborn")
    assert [one["outcome"] for one in morning.attempts["stubborn"]] == ["timeout", "completed"]
    assert task.failures == 1
    assert (morning.out / "stubborn").exists()
    assert morning.alive == []


def test_a_flood_of_output_is_a_bounded_log_and_no_memory(morning: Morning) -> None:
    task = morning.landed("flood")
    assert morning.night.state.task_log(task.id, task.attempt).stat().st_size <= LOG_BYTES + 4096
    assert max(morning.memory.values()) < 200 << 10


@pytest.mark.parametrize(("name", "limit"), [("hog", "limits.memory"), ("bomb", "limits.processes")])
def test_what_takes_too_much_of_the_machine_is_ended_with_all_it_started(
    morning: Morning, name: str, limit: str
) -> None:
    """Faults 22 and 23. All else in this night went on beside it, and nothing of it is left at the end."""
    task = morning.failed_as(name)
    assert task.error_class == "resources"
    assert limit in (task.error_summary or "")


@pytest.mark.parametrize("name", ["daemon", "pipe"])
def test_what_an_agent_started_is_ended_and_does_not_delay_its_end(morning: Morning, name: str) -> None:
    """Both would live for 300 s; one of them holds the agent's output open."""
    morning.landed(name)
    assert (morning.out / name).exists()
    assert morning.alive == []


# -- commits and pushes of its own


def test_an_agent_that_commits_itself_gives_one_commit_and_its_own_stays_reachable(morning: Morning) -> None:
    task = morning.landed("committer")
    assert len(morning.night.committed()[task.id]) == 1
    assert "agent's own commit" not in git_out(morning.root, "log", "--format=%s", "main")
    kept = git_out(morning.root, "for-each-ref", "--format=%(subject)", f"refs/nightrun/kept/{task.id}.1/")
    assert kept == "agent's own commit"


def test_an_agent_that_pushes_is_stopped_by_the_hook(morning: Morning) -> None:
    morning.landed("pusher")
    said = (morning.out / "pusher").read_text()
    assert said.splitlines()[-1] != "0"
    assert "PIPELINE_AUTO_PUSH" in said
    first = git_out(morning.root, "rev-list", "--max-parents=0", "main")
    assert git_out(morning.remote, "log", "--format=%s", "main").splitlines() == ["begin", "policy", "first"]
    assert git_out(morning.remote, "for-each-ref", "--format=%(refname)") == "refs/heads/main"
    assert first in git_out(morning.remote, "log", "--format=%H", "main")


# -- the change itself


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("policy", "pipeline.yaml"),
        ("makefile", "Makefile"),
        ("hook", "hooks/commit-msg"),
        ("untested", "test_calc.py"),
    ],
)
def test_a_change_to_what_guards_the_repository_waits_for_a_person(morning: Morning, name: str, path: str) -> None:
    task = morning.held(name)
    assert path in (task.commit_reason or "")
    assert path in git_out(morning.root, "show", "--format=", "--name-only", str(task.commit_sha))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("secret", "settings.py"),
        ("markers", "merged.txt"),
        ("nested", "vendor/lib"),
        ("link", "link"),
    ],
)
def test_a_change_that_must_not_be_is_refused_kept_on_its_branch_and_a_person_is_asked(
    morning: Morning, name: str, path: str
) -> None:
    task = morning.failed_as(name, status="needs_decision")
    assert task.error_class == "scan"
    assert path in (task.decision_prompt or "") and f"`nightrun decide {task.id} accept`" in (
        task.decision_prompt or ""
    )
    assert path in (task.error_summary or "")
    assert path in git_out(morning.root, "ls-tree", "-r", "--name-only", f"pipeline/{task.id}.{ATTEMPTS}")


def test_what_git_does_not_take_in_fails_its_task_alone_and_stays_where_it_is(morning: Morning) -> None:
    """It was called a fault of the machine before, which paused all intake and was tried for ever."""
    task = morning.failed_as("untaken")
    assert task.error_class == "scan"
    assert "git does not take the work in: invalid path 'd/.GIT/config'" in (task.error_summary or "")
    assert task.worktree is not None
    assert (Path(task.worktree) / "d/.GIT/config").read_text() == "x\n"


def test_a_secret_is_in_no_log_and_no_message(morning: Morning) -> None:
    assert KEY in git_out(morning.root, "show", f"pipeline/{morning.tasks['secret'].id}.1:settings.py")
    assert [path for path, text in texts(morning.root) if KEY.encode() in text] == []
    assert KEY not in morning.night.log.read_text()
    assert KEY not in git_out(morning.root, "log", "--all", "--format=%B")


# -- nobody's fault: no attempt is lost


def test_an_agent_at_its_limit_pauses_and_its_task_waits(morning: Morning) -> None:
    task = morning.waits("later")
    assert morning.pauses["agent:later"]["until"] is not None
    assert "paused" in (task.waiting_reason or "")
    assert [one["outcome"] for one in morning.attempts["later"]] == ["limit"]


@pytest.mark.parametrize("name", ["unready", "unstartable"])
def test_an_agent_that_is_not_set_up_pauses_until_a_person_resumes(morning: Morning, name: str) -> None:
    task = morning.waits(name)
    assert morning.pauses[f"agent:{name}"]["until"] is None
    assert "paused" in (task.waiting_reason or "")
    assert [one["outcome"] for one in morning.attempts[name]] == ["setup"]


def test_an_agent_that_is_not_here_is_waited_for(morning: Morning) -> None:
    task = morning.waits("nowhere")
    assert task.attempt == 0
    assert "nowhere" in (task.waiting_reason or "")


def test_a_limit_message_in_a_file_of_the_project_is_no_limit(morning: Morning) -> None:
    morning.landed("quoter")
    assert morning.failed_as("crier").error_class == "agent"
    assert set(morning.pauses) == {"agent:later", "agent:unready", "agent:unstartable"}


# -- all together


def test_every_completed_task_is_one_commit_and_nothing_is_left(morning: Morning) -> None:
    wanted = {one.id: 1 for one in morning.tasks.values() if one.commit_state == "landed"}
    committed = morning.night.committed()
    agreed = morning.tasks["makefile"].id
    assert {key: len(shas) for key, shas in committed.items() if key != agreed} == wanted
    assert all(FORMAT.fullmatch(one) for one in morning.night.subjects())
    assert morning.ended == 0
    assert git_out(morning.root, "status", "--porcelain") == ""
    assert morning.night.left() == []


def test_a_person_agrees_and_it_lands(morning: Morning) -> None:
    task = morning.held("makefile")
    said = morning.night.call("commit", task.id)
    assert said == f"impl {task.id} landed as {git_out(morning.root, 'rev-parse', 'main')[:10]}."
    assert git_out(morning.root, "show", "main:Makefile") == "check:; true"
    assert len(morning.night.committed()[task.id]) == 1
