from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from nightrun.cli import main
from tests import story
from tests.commands.night import Night

PROGRAM = str(Path(sys.executable).with_name("nightrun"))


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    """With `nightrun` on the PATH."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    made = Night(tmp_path / "project")
    yield made
    made.close()


def test_task_is_explained_from_its_history_and_from_git(night: Night) -> None:
    night.add("Write the parser")
    sha = story.git_out(night.root, "rev-parse", "HEAD")
    gate = {"result": "passed", "seconds": 1.5, "commands": ["make test"], "tree": "f" * 40}
    task = night.end(commit_state="landed", commit_sha=sha, gate=gate)
    night.log(task, b"hello\n")
    shown = night.run("explain", task.id)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith(f"impl {task.id} Write the parser\n\nWhere it is\n")
    assert f"  Its commit {sha[:10]} is on main.\n    git branch --contains {sha}\n" in shown.stdout
    assert f"    nightrun logs {task.id} --attempt 1\n" in shown.stdout
    assert "attempt 1 by runner-1" in shown.stdout and "attempt 1 completed; change: landed" in shown.stdout
    said = json.loads(night.run("explain", task.id, "--json").stdout)
    assert (said["kind"], said["facts"]["on_target"]) == ("task", True)

    # The beginning of its id is enough, and nothing has to run.
    assert night.api.stop() == 0
    again = night.run("explain", task.id[:-1])
    assert again.exit_code == 0, again.output
    assert again.stdout == shown.stdout
    assert not night.api.state.api_json.exists()


def test_where_nightrun_is_not_on_the_path_its_commands_name_the_program(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = os.environ["PATH"].split(os.pathsep)
    monkeypatch.setenv("PATH", os.pathsep.join(one for one in folders if Path(one) != Path(PROGRAM).parent))
    night.add("Write the parser")
    shown = night.run("explain", night.end("failed", error_class="gate", error_summary="red").id).stdout
    assert f"    {PROGRAM} report --since 7d\n" in shown
    assert "    nightrun " not in shown


def test_issue_is_explained_by_id_and_by_the_name_of_its_condition(night: Night) -> None:
    night.add("Write the parser")
    failed = night.end("failed", error_class="gate", error_summary="2 tests \x1b[2J failed")
    finding = {
        "condition": "repeated_failures",
        "state": "firing",
        "severity": "high",
        "fingerprint": "f",
        "message": "1 task failed",
        "suggested_action": "Read the log.",
        "evidence": {"tasks": [failed.id, "gone"]},
    }
    (issue,) = night.client.send_findings([finding])["opened"]
    shown = night.run("explain", "repeated_failures")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith(f"issue {issue['id']} repeated_failures\n")
    assert f"impl {failed.id} Write the parser: failed, gate: 2 tests [2J failed\n" in shown.stdout
    assert f"    nightrun explain {failed.id}\n" in shown.stdout
    assert night.run("explain", issue["id"]).exit_code == 0

    about = {"suggested_by": "h1", "issue": issue["id"], "suggests": "Say which file"}
    added = night.add("Meta-backlog: it", "spec", dedup_key="suggested:abc", context=about)
    assert f"'Say which file' (open; added by spec {added.id}: pending" in night.run("explain", issue["id"]).stdout

    night.client.send_findings([])
    over = json.loads(night.run("explain", issue["id"], "--json").stdout)
    assert over["sections"][0]["lines"][0]["text"].startswith("It is over since ")


def test_what_is_unknown_or_not_one_thing_is_said_with_suggestions(night: Night) -> None:
    one, two = night.add("One"), night.add("Two")
    wrong = night.run("explain", one.id[:3] + "zz" + one.id[5:])
    assert wrong.exit_code == 1
    assert "There is no task and no issue" in wrong.stderr and f"Did you mean {one.id}" in wrong.stderr
    many = night.run("explain", one.id[:3])
    assert many.exit_code == 1
    assert "2 ids begin with" in many.stderr and two.id in many.stderr
    assert "has never fired here" in night.run("explain", "gate_red").stderr
    assert "`nightrun status`" in night.run("explain", "\x1b[2J?").stderr
    story.git_out(night.root, "commit", "-q", "--allow-empty", "-m", "x", "-m", "Pipeline-Task: older1")
    assert "its commit is not: git show" in night.run("explain", "older1").stderr


def test_nothing_ran_here_yet(repo: Path) -> None:
    shown = CliRunner().invoke(main, ["explain", "x", "--repo", str(repo)])
    assert shown.exit_code == 1
    assert shown.stderr.startswith("nightrun: Nothing has run here yet.\n")
    assert not (repo / ".pipeline").exists()
