from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import git_history
from nightrun.words.errors import WrongUse
from tests.pipeline_commits import task_commit
from tests.story import commit_all, git_out, write


@pytest.fixture
def shas(repo: Path) -> dict[str, str]:
    found = {"t1": task_commit(repo, "t1", {"one": "1\n"})}
    write(repo, "mine", "x\n")
    found["mine"] = commit_all(repo, "by hand: [pipeline] is only named")
    found["t2"] = task_commit(repo, "t2", {"two": "2\n"})
    git_out(repo, "revert", "--no-edit", found["t1"])
    return found


def test_commits_of_the_pipeline_come_newest_first_with_what_git_knows(repo: Path, shas: dict[str, str]) -> None:
    found = git_history.pipeline_commits(repo, "HEAD~3..HEAD")
    assert [one.sha for one in found] == [shas["t2"]]
    assert found[0].tree == git_out(repo, "rev-parse", f"{shas['t2']}^{{tree}}")
    assert found[0].parents == (shas["mine"],)
    assert f"{found[0].at:.0f}" == git_out(repo, "show", "-s", "--format=%ct", shas["t2"])
    assert found[0].message.decode().rstrip("\n") == git_out(repo, "show", "-s", "--format=%B", shas["t2"])
    assert found[0].subject == "[pipeline] impl t2: Write two"


def test_one_name_is_one_commit(repo: Path, shas: dict[str, str]) -> None:
    assert [one.sha for one in git_history.pipeline_commits(repo, "HEAD~1")] == [shas["t2"]]
    assert git_history.pipeline_commits(repo, "HEAD~2") == []


def test_recent_ones_are_those_committed_after_a_moment(repo: Path, shas: dict[str, str]) -> None:
    at = float(git_out(repo, "show", "-s", "--format=%ct", shas["t1"]))
    assert [one.sha for one in git_history.recent_commits(repo, "HEAD", at - 1)] == [shas["t2"], shas["t1"]]
    assert git_history.recent_commits(repo, "HEAD", at + 3600) == []


def test_reverting_commits_are_found_too(repo: Path, shas: dict[str, str]) -> None:
    found = [one.sha for one in git_history.with_reverts(repo, "HEAD")]
    assert found == [git_out(repo, "rev-parse", "HEAD"), shas["t2"], shas["t1"]]


@pytest.mark.parametrize("range", ["nowhere..HEAD", "nowhere", "--all"])
def test_what_git_does_not_know_is_wrong_use(range: str, repo: Path) -> None:
    with pytest.raises(WrongUse, match="git knows no commits"):
        git_history.pipeline_commits(repo, range)
