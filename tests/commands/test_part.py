from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from nightrun.cli import main
from nightrun.hands.state_dir import StateDir


def start(root: Path, kind: str, **env: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "nightrun", "part", kind, "--repo", str(root)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **env}
    return subprocess.Popen(argv, env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(path: Path) -> None:
    end = time.monotonic() + 20
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert path.exists()


def test_abort_writes_the_stacks_of_a_part(repo: Path) -> None:
    api = start(repo, "api")
    wait_for(StateDir(repo).api_json)
    api.send_signal(signal.SIGABRT)
    _, said = api.communicate(timeout=20)
    assert api.returncode == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in said and "flows/api.py" in said


def test_a_part_ends_when_its_supervisor_is_gone(repo: Path) -> None:
    api = start(repo, "api", NIGHTRUN_PARENT="1")
    _, said = api.communicate(timeout=20)
    assert api.returncode in (0, -signal.SIGTERM), said


@pytest.mark.parametrize("kind", ["monitor", "runner"])
def test_a_part_without_a_policy_says_so(kind: str, repo: Path) -> None:
    part = start(repo, kind)
    _, said = part.communicate(timeout=20)
    assert part.returncode == 78
    assert "There is no pipeline.yaml" in said


def test_an_unknown_part_is_wrong_use(repo: Path) -> None:
    assert CliRunner().invoke(main, ["part", "cook", "--repo", str(repo)]).exit_code == 2
