from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.commands import doctor as doctor_command
from nightrun.hands import awake, push_trial, sandbox
from nightrun.hands.sandbox import Found
from tests.story import git_out, write

GATES = "".join(f"  {name}: {{gate: ['true']}}\n" for name in ("spec", "impl", "test", "review"))


def doctor(repo: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["doctor", "--repo", str(repo), *args])


@pytest.fixture
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of other rows: the trial of pushes takes the longest."""
    monkeypatch.setattr(push_trial, "rows", lambda root, rules: [])


def checks(repo: Path) -> dict[str, dict[str, str]]:
    """The worst row of each name."""
    order = ("ok", "warn", "fail")
    worst: dict[str, dict[str, str]] = {}
    for row in json.loads(doctor(repo, "--json").stdout)["checks"]:
        known = worst.setdefault(row["name"], row)
        if order.index(row["state"]) > order.index(known["state"]):
            worst[row["name"]] = row
    return worst


@pytest.fixture
def project(repo: Path) -> Path:
    write(repo, "pipeline.yaml", f"version: 1\ntask_types:\n{GATES}limits: {{disk_floor: 1MiB}}\n")
    assert CliRunner().invoke(main, ["setup", "--repo", str(repo)]).exit_code == 0
    return repo


def test_a_repository_in_order_is_0_and_nothing_in_it_changes(project: Path) -> None:
    before = git_out(project, "status", "--porcelain", "--ignored"), sorted((project / ".git").rglob("*"))
    shown = doctor(project)
    assert shown.exit_code == 0, shown.output
    assert "fail" not in shown.output
    assert "commit-msg and pre-push are what git runs, in every worktree" in shown.output
    assert "Pushes without permission" in shown.output
    assert before == (git_out(project, "status", "--porcelain", "--ignored"), sorted((project / ".git").rglob("*")))


@pytest.mark.usefixtures("no_trial")
def test_hooks_that_are_missing_fail_with_what_to_do(project: Path) -> None:
    (project / ".git/hooks/pre-push").unlink()
    shown = doctor(project)
    assert shown.exit_code == 1
    assert "pre-push does not exist: run `nightrun setup`" in shown.output


@pytest.mark.usefixtures("no_trial")
def test_what_is_wrong_with_the_policy_is_a_row(project: Path) -> None:
    write(project, "pipeline.yaml", "version: 1\nprojct: {}\n")
    row = checks(project)["policy"]
    assert row["state"] == "fail" and "projct" in row["text"]


@pytest.mark.usefixtures("no_trial")
def test_nobody_to_commit_as_fails(project: Path, sealed: Path) -> None:
    (sealed / ".gitconfig").write_text("[user]\n    useConfigOnly = true\n")
    row = checks(project)["identity"]
    assert row["state"] == "fail" and row["fix"]


@pytest.mark.usefixtures("no_trial")
def test_what_a_person_should_know_is_a_warning_and_no_failure(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_AUTO_PUSH", "1")
    git_out(project, "checkout", "-q", "--detach")
    found = checks(project)
    assert {name: found[name]["state"] for name in ("environment", "repository")} == dict.fromkeys(
        ("environment", "repository"), "warn"
    )
    assert "the push guard is off" in found["environment"]["text"]
    assert "HEAD is detached" in found["repository"]["text"]
    assert doctor(project).exit_code == 0


def test_what_the_push_guard_stops_here_is_told_for_each_way_with_and_without_a_sandbox(project: Path) -> None:
    said = json.loads(doctor(project, "--json").stdout)["push_guard"]
    passed = {(row["remote"], row["sandbox"]): row["passed"] for row in said["rows"]}
    assert passed[push_trial.FOLDER, False] == [f"a{number}" for number in range(2, 10)]
    assert "a1" not in passed[push_trial.HTTP, False]
    assert {"a2", "a3", "a4", "a7", "a8"} <= set(passed[push_trial.HTTP, False])
    if sandbox.look().program is None:
        assert set(passed) == {(push_trial.FOLDER, False), (push_trial.HTTP, False)}
        assert any("pre-receive" in line for line in said["advice"])
    else:
        assert (passed[push_trial.FOLDER, True], passed[push_trial.HTTP, True]) == ([], [])
        assert said["advice"] == []


@pytest.mark.parametrize(
    ("program", "state", "said"),
    [
        ("#!/bin/sh\nexit 0\n", "ok", "keeps the machine from going to sleep while a run has work"),
        ("#!/bin/sh\necho 'Access denied' >&2\nexit 1\n", "warn", "may go to sleep during a run: "),
        (None, "warn", "is not here"),
    ],
)
def test_whether_the_machine_can_be_kept_awake_is_tried(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, state: str, said: str
) -> None:
    folder = tmp_path / "programs"
    folder.mkdir()
    if program is not None:
        write(folder, awake.inhibitor()[0], program).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    (row,) = doctor_command.CHECKS["sleep"](project)
    assert (row.state, said in row.text) == (state, True), row
    write(project, "pipeline.yaml", f"version: 1\nproject: {{keep_awake: false}}\ntask_types:\n{GATES}")
    (row,) = doctor_command.CHECKS["sleep"](project)
    assert (row.state, "as project.keep_awake says" in row.text) == ("ok", True)


def test_without_a_sandbox_it_is_said_with_what_to_do(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = Found(program=None, why="bwrap is not here", fix=sandbox.INSTALL)
    monkeypatch.setattr(sandbox, "look", lambda: missing)
    shown = doctor(project)
    assert shown.exit_code == 0
    assert "warn  sandbox      bwrap is not here: agents and gates are ended by process group" in shown.output
    assert "in the sandbox" not in shown.output
    assert "a pre-receive hook" in " ".join(shown.output.split())
    write(project, "pipeline.yaml", f"version: 1\ntask_types:\n{GATES}workspace: {{sandbox: bwrap}}\n")
    monkeypatch.setattr(push_trial, "rows", lambda root, rules: [])
    assert checks(project)["sandbox"]["state"] == "fail"
