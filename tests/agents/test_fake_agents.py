"""The badly behaved agents of the stories do what they say, so that a story does not pass for want of an attack."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from nightrun import scans
from nightrun.policy.model import Scan
from tests.scans import changes
from tests.story import commit_all, git_out, write

AGENTS = Path(__file__).parent
TEXT = "two\nlines `$(x)`\n"


def command(name: str, *args: object) -> list[str]:
    return [sys.executable, str(AGENTS / f"{name}.py"), *map(str, args)]


def agent(where: Path, name: str, *args: object, code: int = 0, stdin: bytes = b"", **env: str) -> str:
    """What it prints; it must end with that exit code."""
    done = subprocess.run(
        command(name, *args), cwd=where, input=stdin, capture_output=True, env={**os.environ, **env}, timeout=30
    )
    assert done.returncode == code, done.stderr.decode()
    return (done.stdout + done.stderr).decode()


@contextmanager
def started(where: Path, name: str, *args: object) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command(name, *args), cwd=where, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def is_alive(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)


@pytest.fixture
def pid_file(tmp_path: Path) -> Iterator[Path]:
    """What is named in it is killed at the end."""
    path = tmp_path / "pid"
    yield path
    if path.exists():
        with suppress(ProcessLookupError):
            os.kill(int(path.read_text()), signal.SIGKILL)


def test_each_is_a_program_that_says_in_a_sentence_what_it_does() -> None:
    programs = [path for path in AGENTS.glob("*.py") if path.read_text().startswith("#!")]
    assert len(programs) >= 25
    for path in programs:
        first, second = path.read_text().split("\n")[:2]
        assert first == "#!/usr/bin/env python3", path
        assert second.startswith('"""') and "." in second, path
        assert os.access(path, os.X_OK), path


def test_writes_file(repo: Path) -> None:
    assert agent(repo, "writes_file", "a/b.txt", TEXT) == "wrote a/b.txt\n"
    assert (repo / "a/b.txt").read_text() == TEXT


def test_slow(repo: Path) -> None:
    assert agent(repo, "slow", "0.01", "a.txt", TEXT) == "working\n"
    assert (repo / "a.txt").read_text() == TEXT


@pytest.mark.parametrize(
    ("name", "args", "code", "said"),
    [
        ("says_and_does_nothing", (), 0, ""),
        ("fails", (7,), 7, "it did not work\n"),
        ("fails", (1, "no such thing"), 1, "no such thing\n"),
        ("exits_75", (), 75, "try again later\n"),
        ("prints_limit_message", (1_800_000_000,), 1, "Claude AI usage limit reached|1800000000\n"),
        ("verdict", ("FAIL", "The name is wrong."), 0, "The name is wrong.\nVERDICT: FAIL\n"),
    ],
)
def test_those_that_only_talk(repo: Path, name: str, args: tuple[object, ...], code: int, said: str) -> None:
    assert agent(repo, name, *args, code=code) == said
    assert git_out(repo, "status", "--porcelain") == ""


def test_lies_about_success(repo: Path) -> None:
    before = git_out(repo, "rev-parse", "HEAD")
    assert agent(repo, "lies_about_success").endswith("\nVERDICT: PASS\n")
    assert (git_out(repo, "status", "--porcelain"), git_out(repo, "rev-parse", "HEAD")) == ("", before)


def test_sleeps_until_it_is_asked_to_end(repo: Path, pid_file: Path) -> None:
    with started(repo, "sleeps", 60, pid_file) as process:
        assert process.stdout is not None and process.stdout.readline() == b"sleeping\n"
        assert int(pid_file.read_text()) == process.pid
        process.terminate()
        assert process.wait(20) == -signal.SIGTERM


def test_ignores_sigterm(repo: Path) -> None:
    with started(repo, "ignores_sigterm", 60) as process:
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        for one in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process.send_signal(one)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)


def test_floods_output(repo: Path) -> None:
    assert len(agent(repo, "floods_output", 2)) == 4 << 20


def test_forks_daemon(repo: Path, pid_file: Path) -> None:
    assert agent(repo, "forks_daemon", pid_file, 60) == "started a daemon\n"
    pid = int(pid_file.read_text())
    assert is_alive(pid)
    assert os.getsid(pid) != os.getsid(0)


def test_keeps_pipe_open(repo: Path, pid_file: Path) -> None:
    with started(repo, "keeps_pipe_open", pid_file, 60) as process:
        assert process.stdout is not None
        assert process.wait(20) == 0
        child = int(pid_file.read_text())
        assert os.read(process.stdout.fileno(), 100) == b"done\n"
        assert select.select([process.stdout], [], [], 0.1)[0] == []
        os.kill(child, signal.SIGKILL)
        assert process.stdout.read() == b""


def test_commits_itself_past_a_hook_that_refuses(repo: Path) -> None:
    write(repo, ".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n").chmod(0o755)
    agent(repo, "commits_itself", "a.txt", TEXT, "[pipeline] impl forged: x")
    assert git_out(repo, "log", "-1", "--format=%s") == "[pipeline] impl forged: x"
    assert git_out(repo, "show", "--format=", "--name-only") == "a.txt"


def test_edits_policy(repo: Path) -> None:
    agent(repo, "edits_policy")
    assert "secrets: false" in (repo / "pipeline.yaml").read_text()


@pytest.mark.parametrize("linked", [False, True])
def test_edits_hooks_of_the_repository_from_any_worktree(repo: Path, tmp_path: Path, linked: bool) -> None:
    where = tmp_path / "linked" if linked else repo
    if linked:
        git_out(repo, "worktree", "add", "-q", str(where))
    agent(where, "edits_hooks", "echo mine")
    for hook in (repo / ".git/hooks/pre-push", where / "hooks/commit-msg"):
        assert hook.read_text() == "#!/bin/sh\necho mine\nexit 0\n"
        assert os.access(hook, os.X_OK)


def test_plants_settings_that_git_obeys(repo: Path, tmp_path: Path) -> None:
    marker, where = tmp_path / "marker", tmp_path / "linked"
    git_out(repo, "worktree", "add", "-q", str(where))
    agent(where, "plants_git_config", marker)
    assert not marker.exists()
    git_out(where, "add", "planted.txt")
    subprocess.run(["git", "commit", "-q", "-m", "x"], cwd=where, capture_output=True)  # its signing fails
    git_out(where, "commit", "-q", "--no-gpg-sign", "-m", "x")
    git_out(where, "diff", "HEAD~", "HEAD")
    git_out(where, "log", "-p", "-1")
    subprocess.run(
        ["git", "credential", "fill"], cwd=where, input=b"protocol=https\nhost=x\nusername=u\n\n", timeout=20
    )
    ran = set(marker.read_text().split())
    assert ran >= {"fsmonitor", "filter", "pre-commit", "commit-msg", "diff-external", "textconv", "credential", "gpg"}


def test_leaks_a_secret_that_the_scan_refuses(repo: Path) -> None:
    agent(repo, "leaks_secret", "settings.py")
    text = (repo / "settings.py").read_text()
    (finding,) = scans.look(changes.adds(text, "settings.py"), Scan())
    assert (finding.scan, finding.effect) == ("secrets", "refuse")


def test_deletes_tests(repo: Path) -> None:
    write(repo, "tests/test_a.py", "def test_a(): ...\n")
    write(repo, "src/a.py", "x = 1\n")
    commit_all(repo, "tests")
    agent(repo, "deletes_tests")
    assert git_out(repo, "status", "--porcelain").split() == ["D", "tests/test_a.py", "??", "cleanup.txt"]


def test_nested_repo(repo: Path) -> None:
    agent(repo, "nested_repo", "vendor/lib")
    assert git_out(repo / "vendor/lib", "rev-list", "--count", "HEAD") == "1"
    git_out(repo, "add", "vendor")
    assert git_out(repo, "ls-files", "-s", "vendor").startswith("160000 ")


def test_link_out(repo: Path) -> None:
    agent(repo, "link_out")
    assert os.readlink(repo / "link") == "/etc/passwd"


def test_fails_then_succeeds_for_each_task(repo: Path, tmp_path: Path) -> None:
    args = (tmp_path, 1, "{task}.txt", TEXT)
    agent(repo, "fails_then_succeeds", *args, code=1, PIPELINE_TASK_ID="t1")
    agent(repo, "fails_then_succeeds", *args, code=1, PIPELINE_TASK_ID="t2")
    assert git_out(repo, "status", "--porcelain") == ""
    assert agent(repo, "fails_then_succeeds", *args, PIPELINE_TASK_ID="t1") == "attempt 2 succeeds\n"
    assert (repo / "t1.txt").read_text() == TEXT


@pytest.mark.parametrize("channel", ["argument", "stdin", "file"])
def test_echo_prompt_copies_every_byte(repo: Path, tmp_path: Path, channel: str) -> None:
    prompt = b'-x "q" `b` $(c)\r\n\x1b[31m\xe2\x82\xac\xff\n\n'
    out, held = tmp_path / "out", tmp_path / "prompt"
    held.write_bytes(prompt)
    given = {"argument": [os.fsdecode(prompt)], "stdin": [], "file": ["--file", held]}[channel]
    agent(repo, "echo_prompt", out, *given, stdin=prompt if channel == "stdin" else b"")
    assert out.read_bytes() == prompt


def test_conflict_maker(repo: Path, tmp_path: Path) -> None:
    where = tmp_path / "linked"
    git_out(repo, "worktree", "add", "-q", str(where))
    agent(where, "conflict_maker", "README.md", "mine\n", repo, "theirs\n")
    assert (where / "README.md").read_text() == "mine\n"
    assert git_out(repo, "show", "main:README.md") == "theirs"
    assert git_out(repo, "status", "--porcelain") == ""


def test_kills_runner_once(repo: Path, tmp_path: Path) -> None:
    runner = "import subprocess, sys; sys.exit(subprocess.run(sys.argv[1:]).returncode)"
    argv = [sys.executable, "-c", runner, *command("kills_runner", tmp_path / "once")]
    assert subprocess.run(argv, cwd=repo, timeout=20).returncode == -signal.SIGKILL
    assert subprocess.run(argv, cwd=repo, timeout=20).returncode == 0
    assert (repo / "survived.txt").exists()
