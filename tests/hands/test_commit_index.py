from __future__ import annotations

import errno
from pathlib import Path

import pytest

from nightrun.hands import commit_index, git_commit, git_status
from tests.story import git_out, write


def tree_of_work(repo: Path) -> str:
    place = git_commit.place(repo, None)
    with commit_index.private(place, place.common) as index:
        index.stage(git_status.look(repo))
        return index.tree()


def test_index_of_the_person_is_untouched_until_it_is_installed(repo: Path) -> None:
    write(repo, "file", "x")
    before = (repo / ".git/index").read_bytes()
    tree = tree_of_work(repo)
    assert git_out(repo, "ls-tree", "--name-only", tree) == "README.md\nfile"
    assert (repo / ".git/index").read_bytes() == before
    assert git_out(repo, "status", "--porcelain") == "?? file"


def test_nothing_is_left_behind(repo: Path) -> None:
    write(repo, "file", "x")
    tree_of_work(repo)
    assert [path.name for path in (repo / ".git").glob("*index*")] == ["index"]


@pytest.fixture(params=["links", "no links"])
def names(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without a file system on which a file can have two names."""

    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    if request.param == "no links":
        monkeypatch.setattr(Path, "hardlink_to", refuse)


@pytest.mark.usefixtures("names")
def test_all_work_is_in_the_tree(repo: Path) -> None:
    write(repo, "file", "x")
    assert git_out(repo, "ls-tree", "--name-only", tree_of_work(repo)) == "README.md\nfile"
