from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks, policy_file
from tests.story import git_out, write

WRITTEN = ["pipeline.mk", "pipeline.yaml", "specs/007-meta-pipeline-backlog.md", "specs/backlog.md"]


def adopt(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["adopt", *map(str, args)])


@pytest.fixture
def project(repo: Path) -> Path:
    write(repo, "Makefile", "test:\n\ttrue\n")
    return repo


def test_a_repository_gets_policy_targets_backlogs_and_hooks_and_no_commit(project: Path) -> None:
    head = git_out(project, "rev-parse", "HEAD")
    shown = adopt(project)
    assert shown.exit_code == 0, shown.output
    assert sorted(line.split()[1] for line in shown.stdout.splitlines() if line.startswith("  wrote ")) == WRITTEN
    assert "  gate: make test" in shown.stdout
    assert "Nothing was committed." in shown.stdout
    assert policy_file.load(project).task_types["impl"].gate == (("make", "test"),)
    assert hooks.check(project, HookValues()) == []
    assert git_out(project, "rev-parse", "HEAD") == head
    assert ".pipeline" not in git_out(project, "status", "--porcelain")


def test_what_is_there_stays_unless_forced_and_comes_back(project: Path) -> None:
    write(project, "pipeline.mk", "mine:\n")
    shown = adopt(project)
    assert "  pipeline.mk was there already and stays as it is" in shown.stdout
    assert (project / "pipeline.mk").read_text() == "mine:\n"
    assert adopt(project, "--force").exit_code == 0
    assert (project / "pipeline.mk").read_text() != "mine:\n"
    assert "  restored pipeline.mk as it was before" in adopt(project, "--undo").stdout
    assert (project / "pipeline.mk").read_text() == "mine:\n"


def test_undo_removes_exactly_what_was_written_and_nobody_changed(project: Path) -> None:
    before = git_out(project, "status", "--porcelain")
    adopt(project)
    write(project, "specs/backlog.md", "- [ ] mine\n")
    shown = adopt(project, "--undo")
    assert "  specs/backlog.md was changed since and stays" in shown.stdout
    assert git_out(project, "status", "--porcelain", "-uall").splitlines() == [
        *before.splitlines(),
        "?? specs/backlog.md",
    ]
    assert not (project / ".git/hooks/pre-push").exists()


def test_undo_where_nothing_was_adopted_is_said(project: Path) -> None:
    shown = adopt(project, "--undo")
    assert (shown.exit_code, shown.stderr.splitlines()[0]) == (1, f"nightrun: {project} was not adopted here.")


def test_without_a_test_command_the_policy_asks_for_one(repo: Path) -> None:
    said = json.loads(adopt(repo, "--json").stdout)
    assert (said["gate"], said["root"]) == (None, str(repo))
    assert said["policy_problems"]
    assert (repo / ".git/hooks/pre-push").is_file()


def test_no_repository_is_wrong_use(tmp_path: Path) -> None:
    shown = adopt(tmp_path)
    assert shown.exit_code == 2
    assert shown.stderr == f"nightrun: {tmp_path} is not inside a git repository.\nMake it one: git init {tmp_path}\n"


def test_the_make_targets_call_the_nightrun_that_adopted(project: Path) -> None:
    """In a checkout it lies in .venv and is not on PATH."""
    adopt(project)
    call = ["make", "-f", "pipeline.mk", "status"]
    said = subprocess.run(call, cwd=project, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    assert f"{project}: nothing is running" in said.stdout, said.stderr
    adopt(project, "--undo")
    assert not (project / ".pipeline/program").exists()
