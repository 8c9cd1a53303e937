"""A whole run on a real repository: the real supervisor, API, monitor and runners, and the small agents of tests."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from nightrun.hands import marker, survivors
from nightrun.hands.client import ApiAway, Client
from nightrun.hands.state_dir import StateDir
from nightrun.words.task import Task
from tests import story
from tests.stories import api_here
from tests.story import git_out, write

AGENTS = Path(__file__).parents[1] / "agents"
FORMAT = re.compile(r"\[pipeline\] (spec|impl|test|review) ([A-Za-z0-9][A-Za-z0-9._-]*): (\S.*)")
DEADLINE_S = 120.0
TRUE_GATE = {name: {"gate": ["true"]} for name in ("spec", "impl", "test", "review")}


def script(text: str, title: str = "Do it") -> str:
    """A direction for the embedded agent."""
    return f"{title}\n\n```sh\n{text}\n```\n"


def program(name: str, *args: str) -> list[str]:
    """The command of an agent of tests/agents."""
    return [sys.executable, str(AGENTS / name), *args]


def sandboxed(folder: Path) -> dict[str, Any]:
    """The section `workspace` for agents of tests in a sandbox, where there is one: the folder where they leave word,
    and what they are made of."""
    return {
        "sandbox": "auto",
        "writable": [str(folder)],
        "readable": sorted({str(AGENTS), sys.prefix, sys.base_prefix}),
    }


def wait_until(what: Callable[[], Any], why: str | Callable[[], str], seconds: float = 30.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds:g} s: {why if isinstance(why, str) else why()}")


class Night:
    """A repository with a policy. `policy` is merged into one whose gates are `true`.

    Without a sandbox unless asked for: most stories are about other things, and some are of agents that reach out.
    """

    def __init__(self, folder: Path, policy: dict[str, Any] | None = None, *, in_sandbox: bool = False) -> None:
        self.root = story.new_repository(folder)
        self.state = StateDir(self.root)
        base = {
            "version": 1,
            "task_types": TRUE_GATE,
            "monitor": {"interval": "1s"},
            "workspace": sandboxed(folder.parent) if in_sandbox else {"sandbox": "off"},
        }
        self.policy = merged(base, policy or {})
        self.run: subprocess.Popen[str] | None = None
        write(self.root, "pipeline.yaml", yaml.safe_dump(self.policy))
        story.commit_all(self.root, "policy")
        self.log = folder.with_name(f"{folder.name}.run.log")

    # -- running

    def start(self, *args: str, env: dict[str, str] | None = None, before: Sequence[str] = ()) -> subprocess.Popen[str]:
        argv = [*before, sys.executable, "-m", "nightrun", "autonomous", "--repo", str(self.root), *args]
        with self.log.open("a") as out:
            self.run = subprocess.Popen(
                argv,
                cwd=self.root,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return self.run

    def until_idle(self, *args: str, seconds: float = DEADLINE_S, env: dict[str, str] | None = None) -> int:
        """Run until nothing is left to do; the exit code."""
        self.start("--until", "idle", *args, env=env)
        return self.ended(seconds)

    def ended(self, seconds: float = DEADLINE_S) -> int:
        assert self.run is not None
        try:
            return self.run.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds:g} s:\n{self.said()}") from None

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 45.0) -> int:
        assert self.run is not None
        self.run.send_signal(number)
        return self.ended(seconds)

    def said(self) -> str:
        logs = [self.log, *sorted(self.state.logs.glob("*.log"))]
        return "\n".join(f"== {one.name}\n{one.read_text(errors='replace')[-6000:]}" for one in logs if one.exists())

    @property
    def client(self) -> Client:
        return Client.for_repo(self.root, timeout_s=10.0)

    def ready(self) -> Client:
        """The client of the API, once it answers."""

        def answers() -> bool:
            try:
                self.client.health(timeout_s=1.0)
            except ApiAway:
                return False
            return True

        wait_until(answers, lambda: f"the API answers\n{self.said()}")
        return self.client

    def pids(self, name: str) -> int:
        """The pid of a part, from run.json."""
        import json

        return int(json.loads(self.state.run_json.read_text())["parts"][name]["pid"])

    def api_pid(self) -> int:
        import json

        return int(json.loads(self.state.api_json.read_text())["pid"])

    @contextmanager
    def api(self) -> Iterator[Client]:
        """The API alone: to add tasks before a run, or to look after it."""
        with api_here.answering(self.root) as client:
            yield client

    def close(self) -> None:
        if self.run is not None and self.run.poll() is None:
            os.killpg(self.run.pid, signal.SIGKILL)
            self.run.wait()
        wait_until(lambda: not self.left(), "everything of the run is gone", 20.0)

    def call(self, *args: str, code: int = 0) -> str:
        """What a command prints on standard output, without the last line end."""
        argv = [sys.executable, "-m", "nightrun", args[0], "--repo", str(self.root), *args[1:]]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(argv, cwd=self.root, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, f"{args}: {done.returncode}\n{done.stdout}{done.stderr}"
        return (done.stdout if code == 0 else done.stderr).rstrip("\n")

    # -- looking

    def tasks(self) -> list[Task]:
        """All of them, oldest first, when nothing runs."""
        with self.api() as client:
            return all_tasks(client)

    def left(self) -> list[int]:
        """Processes of this repository's attempts that are alive."""
        return [row.pid for row in survivors.marked(marker.of_root(self.root))]

    def subjects(self, ref: str = "main") -> list[str]:
        """Of the pipeline's commits on the target, oldest first."""
        text = git_out(self.root, "log", "--reverse", "--format=%s", ref)
        return [line for line in text.splitlines() if line.startswith("[pipeline]")]

    def committed(self) -> dict[str, list[str]]:
        """Task id -> its commits on the target."""
        found: dict[str, list[str]] = {}
        text = git_out(
            self.root, "log", "--format=%H%x00%(trailers:key=Pipeline-Task,valueonly,separator=%x1f)%x00%s", "main"
        )
        for line in text.splitlines():
            sha, ids, subject = line.split("\0")
            if subject.startswith("[pipeline]"):
                assert "\x1f" not in ids, f"{sha} has more than one Pipeline-Task: {ids!r}"
                found.setdefault(ids, []).append(sha)
        return found


def all_tasks(client: Client) -> list[Task]:
    tasks, total = client.tasks(limit=100, order="oldest")
    while len(tasks) < total:
        tasks += client.tasks(limit=100, offset=len(tasks), order="oldest")[0]
    return tasks


def merged(base: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in more.items():
        both[key] = merged(both[key], value) if isinstance(value, dict) and isinstance(both.get(key), dict) else value
    return both


def check_one_commit_each(night: Night, tasks: list[Task]) -> None:
    """The promise: every completed committing task is exactly one commit, in the format, and nothing else is one."""
    committed = night.committed()
    wanted = {one.id for one in tasks if one.status == "completed" and one.commit_state == "landed"}
    assert {key: len(shas) for key, shas in committed.items()} == dict.fromkeys(wanted, 1), night.said()
    types = {one.id: one.task_type for one in tasks}
    for subject in night.subjects():
        found = FORMAT.fullmatch(subject)
        assert found is not None, subject
        assert types[found[2]] == found[1]
