from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from tests.story import commit_all, git_out, write


def check(repo: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["check-messages", "--repo", str(repo), *args])


@pytest.fixture
def history(repo: Path) -> Path:
    """After the tag `start`: a message of a person, a good one of the pipeline, and a bad one that no hook saw."""
    git_out(repo, "tag", "start")
    for number, message in enumerate(("fix it", "[pipeline] impl t1: Add a flag", "[pipeline] nonsense")):
        write(repo, "file", str(number))
        commit_all(repo, message)
    return repo


def test_a_message_that_the_hook_would_refuse_is_told_with_its_commit(history: Path) -> None:
    shown = check(history, "start..HEAD")
    sha = git_out(history, "rev-parse", "HEAD")
    assert shown.exit_code == 1
    assert shown.stdout.startswith(f"{sha[:12]}  [pipeline] nonsense\n")
    assert shown.stdout.endswith("3 commits checked, 1 refused\n")
    said = json.loads(check(history, "start..HEAD", "--json").stdout)
    assert (said["checked"], [one["commit"] for one in said["refused"]]) == (3, [sha])


def test_good_messages_are_0(history: Path) -> None:
    shown = check(history, "start..HEAD~1")
    assert (shown.exit_code, shown.stdout) == (0, "2 commits checked, none refused\n")
    assert check(history, "HEAD..HEAD").stdout == "0 commits checked, none refused\n"


def test_the_types_of_the_policy_count(history: Path) -> None:
    gates = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "test", "review"))
    write(history, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}  impl: {{commit: false}}\n")
    assert check(history, "start..HEAD~1").exit_code == 1


def test_a_range_that_does_not_exist_is_wrong_use(history: Path) -> None:
    assert check(history, "nowhere..HEAD").exit_code == 2
    assert check(history, "--all").exit_code == 2


def test_a_subject_cannot_move_the_cursor(history: Path) -> None:
    write(history, "file", "x")
    commit_all(history, "[pipeline] \x1b[2J")
    assert "\x1b" not in check(history, "HEAD~1..HEAD").stdout
