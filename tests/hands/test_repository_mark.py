"""The marks of a repository tell which part of it was written to, and making them writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import repository_mark
from tests.story import commit_all, git_out, write


def changed(repo: Path, before: dict[str, str]) -> set[str]:
    after = repository_mark.of(repo)
    return {name for name in before if before[name] != after[name]}


def test_nothing_differs_when_nothing_was_written(repo: Path) -> None:
    before = repository_mark.of(repo)
    assert changed(repo, before) == set()


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("config", ".git/config"),
        ("hooks", ".git/hooks/pre-push"),
        ("work tree", "README.md"),
        ("work tree", "a/b/new.txt"),
        ("state folder", ".pipeline/x"),
        ("git's folder", ".git/planted"),
    ],
)
def test_a_file_is_told_by_its_part(repo: Path, part: str, name: str) -> None:
    (repo / ".pipeline").mkdir()
    (repo / "a/b").mkdir(parents=True)
    before = repository_mark.of(repo)
    write(repo, name, "changed\n")
    assert changed(repo, before) == {part}


def test_a_change_of_the_same_size_and_time_is_told(repo: Path) -> None:
    import os

    path = repo / "README.md"
    found, before = path.stat(), repository_mark.of(repo)
    path.write_text(path.read_text().replace("project", "tcejorp"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert changed(repo, before) == {"work tree"}


def test_a_commit_is_told(repo: Path) -> None:
    before = repository_mark.of(repo)
    write(repo, "b.txt", "b\n")
    commit_all(repo, "b")
    assert {"refs", "objects", "index", "work tree"} <= changed(repo, before)


def test_a_clone_that_shares_the_objects_is_no_change(repo: Path, tmp_path: Path) -> None:
    before = repository_mark.of(repo)
    git_out(tmp_path, "clone", "-q", str(repo), "other")
    assert changed(repo, before) == set()


def test_a_branch_is_told(repo: Path) -> None:
    before = repository_mark.of(repo)
    git_out(repo, "branch", "other")
    assert changed(repo, before) == {"refs"}
