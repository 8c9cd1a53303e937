from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun import commit_progress
from nightrun.cli import main
from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from tests.story import git_out, write


@pytest.fixture
def here(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository, which is also the current folder."""
    monkeypatch.chdir(repo)
    return repo


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["commit-progress", *args])


def test_says_what_it_did(here: Path) -> None:
    write(here, "file", "x")
    git_out(here, "init", "-q", "nested")
    done = run("--task-id", "t1", "--task-type", "test", "--message", "Cover it")
    assert done.exit_code == 0
    sha = git_out(here, "rev-parse", "HEAD")
    assert done.stdout == (
        f"Committed {sha[:10]} on main: [pipeline] test t1: Cover it\n"
        "Left out, since they are repositories of their own: 'nested/'\n"
    )
    assert run("--task-id", "t1").stdout.startswith("Nothing changed. Nothing to commit.\n")


def test_json(here: Path) -> None:
    write(here, "file", "x")
    said = json.loads(run("--task-id", "t1", "--message", "x", "--json").stdout)
    assert (said["state"], said["sha"]) == ("committed", git_out(here, "rev-parse", "HEAD"))
    assert json.loads(run("--task-id", "t1", "--json").stdout)["state"] == "nothing"


def test_failure_of_git_is_1_and_wrong_use_2(here: Path) -> None:
    write(here, "file", "x")
    assert run("--task-id", "a b").exit_code == 2
    write(here, ".git/hooks/pre-commit", "#!/bin/sh\nexit 1\n").chmod(0o755)
    done = run("--task-id", "t1")
    assert (done.exit_code, done.stderr) == (
        1,
        "nightrun: Nothing was committed: the hook pre-commit refused.\nIt printed nothing.\n",
    )


def test_it_imports_nothing_heavy(here: Path) -> None:
    """DESIGN section 14: at most 80 ms of CPU more than Python itself."""
    hooks.install(here, HookValues())
    write(here, "pipeline.yaml", "version: 1\n")
    code = (
        "import sys; from nightrun.cli import main\n"
        "try: main(['commit-progress', '--task-id', 't1', '--message', 'x'])\n"
        "except SystemExit: print([m for m in ('pydantic', 'yaml', 'rich', 'fastapi', 'psutil', 'logging', "
        "'http.client', 'ctypes', 'asyncio') if m in sys.modules])"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(commit_progress.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert git_out(here, "rev-list", "--count", "HEAD") == "2"
