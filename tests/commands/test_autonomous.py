from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.hands import lock
from nightrun.hands.state_dir import StateDir
from tests.story import commit_all, git_out, new_repository, write

GATES = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test", "review"))
POLICY = f"version: 1\ntask_types:\n{GATES}"


@pytest.fixture
def project(repo: Path) -> Path:
    """Ready for a run, with nothing to do."""
    write(repo, "pipeline.yaml", POLICY)
    commit_all(repo, "policy")
    return repo


def autonomous(root: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["autonomous", "--repo", str(root), *args])


def test_no_repository_is_wrong_use(tmp_path: Path) -> None:
    shown = autonomous(tmp_path)
    assert shown.exit_code == 2
    assert shown.stderr.startswith(f"nightrun: {tmp_path} is not inside a git repository.\n")


def test_no_policy_is_78_and_leaves_nothing_behind(repo: Path) -> None:
    shown = autonomous(repo)
    assert shown.exit_code == 78
    assert shown.stderr == (
        f"nightrun: There is no pipeline.yaml in {repo}.\nMake one that fits the project: nightrun adopt\n"
    )
    assert not (repo / ".pipeline").exists()


def test_bad_policy_is_78_with_every_problem(repo: Path) -> None:
    write(repo, "pipeline.yaml", "version: 1\nprojct: {}\nlimits: {attempts: none}\n")
    shown = autonomous(repo)
    assert shown.exit_code == 78
    assert "pipeline.yaml:2" in shown.stderr and "pipeline.yaml:3" in shown.stderr


def test_detached_head_is_1(project: Path) -> None:
    git_out(project, "checkout", "-q", "--detach")
    shown = autonomous(project)
    assert shown.exit_code == 1
    assert shown.stderr.startswith("nightrun: HEAD is detached, so it is not known where work shall land.\n")


def test_another_run_is_75_and_comes_before_all_that_it_may_have_changed(project: Path) -> None:
    git_out(project, "checkout", "-q", "--detach")
    held = lock.hold(StateDir(project).create().lock("supervisor"))
    assert held is not None
    shown = autonomous(project)
    held.release()
    assert shown.exit_code == 75
    assert shown.stderr.startswith(f"nightrun: nightrun already works on {project} (supervisor pid {os.getpid()}).\n")


@pytest.mark.parametrize("args", [("--hours", "0"), ("--hours", "nan"), ("--runners", "0"), ("--until", "noon")])
def test_values_that_make_no_sense_are_wrong_use(args: tuple[str, str], project: Path) -> None:
    shown = autonomous(project, *args)
    assert shown.exit_code == 2
    assert not (project / ".pipeline").exists()


def start(root: Path, command: str, *args: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "nightrun", command, "--repo", str(root), *args]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_ctrl_c_is_an_ordered_stop_with_130(project: Path) -> None:
    run = start(project, "autonomous")
    beat = StateDir(project).heartbeat("runner-1")
    end = time.monotonic() + 20
    while not beat.exists() and time.monotonic() < end:
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=45)
    assert run.returncode == 130, said
    assert "PIPELINE_AUTO_COMMIT=1 (default): completed tasks are committed" in said
    assert said.rstrip().endswith("stopped; nothing is left running")
    assert git_out(project, "status", "--porcelain") == ""
    assert "/.pipeline/" in (project / ".git/info/exclude").read_text()


def test_it_works_from_a_folder_inside_and_on_a_repository_with_blanks_in_its_name(tmp_path: Path) -> None:
    root = new_repository(tmp_path / "a project of mine")
    write(root, "pipeline.yaml", POLICY)
    write(root, "sub/file", "x\n")
    commit_all(root, "policy")
    run = start(root / "sub", "autonomous", "--until", "idle")
    said, _ = run.communicate(timeout=45)
    assert run.returncode == 0, said
    assert f"working on {root}, onto main, with 1 runner" in said
    assert "nothing is left to do; all went well" in said
