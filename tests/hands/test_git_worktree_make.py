"""A worktree made by hand is one that git would have made; what is out of the usual is left to git."""

from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import git, git_worktree, git_worktree_make
from nightrun.hands.git import GitFailed
from tests.story import git_out, write

BRANCH = "pipeline/t1.1"


def make(repo: Path, name: str = "t1.1", branch: str | None = BRANCH, base: str | None = None) -> bool:
    path = repo / ".pipeline/worktrees" / name
    base = base or git_out(repo, "rev-parse", "HEAD")
    return git_worktree_make.make(repo, path, branch, base, timeout_s=60.0)


def test_it_is_what_git_makes(repo: Path) -> None:
    write(repo, "a b/c\u00e9.sh", "#!/bin/sh\n").chmod(0o755)
    git_out(repo, "add", "-A")
    git_out(repo, "commit", "-q", "-m", "more")
    assert make(repo)
    ours, theirs = repo / ".pipeline/worktrees/t1.1", repo.parent / "t2.1"
    git_out(repo, "worktree", "add", "-q", "-b", "pipeline/t2.1", str(theirs))
    head = git_out(repo, "rev-parse", "HEAD")
    assert (ours, head, BRANCH) in git.worktrees(repo)
    assert git_out(ours, "status", "--porcelain", "--ignored") == ""
    for asked in (["ls-files", "-s", "-v"], ["symbolic-ref", "-q", "HEAD"], ["rev-parse", "HEAD^{tree}"]):
        assert git_out(ours, *asked) == git_out(theirs, *asked).replace("t2.1", "t1.1")
    folders = [repo / ".git/worktrees" / name for name in ("t1.1", "t2.1")]
    for name in ("commondir", "HEAD", "gitdir"):
        mine, other = (folder.joinpath(name).read_text() for folder in folders)
        assert mine == other.replace(str(theirs), str(ours)).replace("t2.1", "t1.1")
    assert not (folders[0] / "locked").exists()
    git_out(repo, "fsck", "--strict")
    git_out(repo, "worktree", "remove", str(ours))
    git_out(repo, "branch", "-d", BRANCH)


def test_without_a_branch_its_head_is_the_commit(repo: Path) -> None:
    assert make(repo, name="target.runner-1", branch=None)
    ours, theirs, head = repo / ".pipeline/worktrees/target.runner-1", repo.parent / "theirs", git.tip(repo, "HEAD")
    git_out(repo, "worktree", "add", "-q", "--detach", str(theirs))
    assert (ours, head, None) in git.worktrees(repo)
    asked = ("status", "--porcelain=v2", "--branch")
    assert git_out(ours, *asked) == git_out(theirs, *asked)
    git_out(repo, "fsck", "--strict")
    git_out(repo, "worktree", "remove", str(ours))


def test_other_gits_never_meet_one_that_is_half_made(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four runners begin at once: what one has just created and not yet written must not end the git of another."""
    real, met = Path.write_text, list[str]()

    def slowly(path: Path, text: str) -> int:
        path.touch()
        git_out(repo, "worktree", "add", "-q", "--detach", str(repo.parent / f"other{len(met)}"))
        met.append(path.name)
        return real(path, text)

    monkeypatch.setattr(Path, "write_text", slowly)
    assert make(repo)
    assert sorted(met) == [".git", "HEAD", "commondir", "gitdir", "locked"]


@pytest.mark.parametrize("pack", [False, True])
def test_a_branch_that_is_there_is_never_moved(repo: Path, pack: bool) -> None:
    git_out(repo, "branch", BRANCH)
    before = git_out(repo, "rev-parse", BRANCH)
    git_out(repo, "commit", "-q", "--allow-empty", "-m", "more")
    if pack:
        git_out(repo, "pack-refs", "--all")
    assert not make(repo)
    with pytest.raises(GitFailed, match="already exists"):
        git_worktree.add(repo, repo / ".pipeline/worktrees/t1.1", BRANCH, git_out(repo, "rev-parse", "HEAD"))
    assert git_out(repo, "rev-parse", BRANCH) == before


def test_what_is_out_of_the_usual_is_left_to_git(repo: Path) -> None:
    head = git_out(repo, "rev-parse", "HEAD")
    assert not make(repo, base="main")
    assert not make(repo, name="t..1")
    (repo / ".pipeline/worktrees/t1.1").mkdir(parents=True)
    assert not make(repo)
    (repo / ".pipeline/worktrees/t1.1").rmdir()
    write(repo, ".git/info/sparse-checkout", "/a\n")
    assert not make(repo)
    git_worktree.add(repo, repo / ".pipeline/worktrees/t1.1", BRANCH, head)
    assert git_out(repo, "rev-parse", BRANCH) == head


def test_when_it_fails_nothing_is_left_and_git_says_why(repo: Path) -> None:
    git_out(repo, "branch", "pipeline")  # no branch can have a name below it
    with pytest.raises(GitFailed, match="pipeline"):
        git_worktree.add(repo, repo / ".pipeline/worktrees/t1.1", BRANCH, git_out(repo, "rev-parse", "HEAD"))
    assert not (repo / ".pipeline/worktrees/t1.1").exists()
    assert list((repo / ".git").glob("worktrees/*")) == []
