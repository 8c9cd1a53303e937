"""The demo as a person runs it: the whole of it once, and ended by Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.story import git_out

# What a person may have set: nothing of it may reach the scratch repository.
HOSTILE_GIT = "[core]\n\thooksPath = /nowhere\n\tautocrlf = true\n[commit]\n\tgpgSign = true\n"
HOSTILE = {"PIPELINE_AUTO_COMMIT": "0", "PIPELINE_AUTO_PUSH": "1", "PIPELINE_API_URL": "http://127.0.0.1:9"}
LONGEST_S = 120.0


@pytest.fixture
def person(tmp_path: Path, repo: Path) -> Iterator[subprocess.Popen[str]]:
    """The demo, just started in a repository of the person's own, by somebody without a name and with settings."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "nobody").mkdir()
    (tmp_path / "gitconfig").write_text(HOSTILE_GIT)
    started = subprocess.Popen(
        [sys.executable, "-m", "nightrun", "demo"],
        cwd=repo,
        env={
            **os.environ,
            **HOSTILE,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "HOME": str(tmp_path / "nobody"),
            "TMPDIR": str(tmp_path / "tmp"),
            "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    yield started
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def said_until(demo: subprocess.Popen[str], text: str) -> str:
    """What it prints up to the line that holds this text."""
    assert demo.stdout is not None
    lines = []
    for line in demo.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError(f"it never said {text!r}:\n{''.join(lines)}")


def left(folder: Path) -> list[str]:
    """Processes that have something to do with the folder."""
    found = []
    for one in psutil.process_iter():
        with suppress(psutil.Error):
            if any(str(folder) in text for text in (*one.cmdline(), one.cwd(), *one.environ().values())):
                found.append(f"{one.pid} {one.cmdline()}")
    return [one for one in found if not one.startswith(f"{os.getpid()} ")]


def test_demo_shows_the_whole_loop(person: subprocess.Popen[str], tmp_path: Path, repo: Path) -> None:
    said, _ = person.communicate(timeout=LONGEST_S)
    assert person.returncode == 0, said
    first, _, _ = said.partition("\n")
    root = Path(first.removeprefix("demo repository: "))
    assert root.parents[1] == tmp_path / "tmp"
    for text in (
        "PIPELINE_AUTO_COMMIT=1",
        " (attempt 2): Add the nautical mile",
        "issue repeated_failures",
        "$ git log --oneline\n",
        "nightrun report, ",
        "'Add the nautical mile' failed its gate at first and passed at attempt 2",
        "make adopt REPO=",
        f"The repository stays; look at it: git -C {root} show",
    ):
        assert text in said
    check_commits(root)
    assert left(tmp_path / "tmp") == []
    assert git_out(repo, "status", "--porcelain", "--ignored") == ""


def check_commits(root: Path) -> None:
    """One commit for each completed task that commits, in the format, with one trailer value; a clean checkout."""
    assert git_out(root, "status", "--porcelain") == ""
    shown = git_out(root, "log", "--format=%s%x00%(trailers:key=Pipeline-Task,valueonly,separator=%x2C)", "main")
    *pipeline, before = [line.split("\0") for line in shown.splitlines()]
    assert before == ["A small project, and work for a night", ""]
    subjects = [re.fullmatch(r"\[pipeline\] (spec|impl|test|review) (\S+): \S.*", subject) for subject, _ in pipeline]
    assert [found and found[2] for found in subjects] == [value for _, value in pipeline]
    assert len({value for _, value in pipeline}) == len(pipeline) == 12
    backlogs = "".join((root / "specs" / name).read_text() for name in ("backlog.md", "007-meta-pipeline-backlog.md"))
    assert re.findall(r"^- \[ \] (.*)$", backlogs, re.MULTILINE) == ["[impl] Give all results as whole numbers"]


@pytest.mark.parametrize("moment", ["demo repository: ", "with 1 runner", "running: "])
def test_ctrl_c_leaves_nothing_running(person: subprocess.Popen[str], tmp_path: Path, moment: str) -> None:
    said_until(person, moment)
    person.send_signal(signal.SIGINT)
    said, _ = person.communicate(timeout=LONGEST_S)
    assert person.returncode == 130, said
    assert "interrupted" in said
    assert left(tmp_path / "tmp") == []
