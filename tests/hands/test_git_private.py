"""What a sandboxed git writes reaches the repository, and nothing in the repository is touched by it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from nightrun.hands import git, git_change, git_private
from tests.hands.test_sandbox import Box
from tests.sandboxed import NEEDED
from tests.story import git_out, write

pytestmark = NEEDED


@pytest.fixture
def box(repo: Path, sealed: Path) -> Box:
    return Box(repo, sealed)


def private(box: Box) -> Path:
    return git.git_dir(box.worktree) / "nightrun-private"


def test_what_was_added_inside_is_part_of_the_snapshot(box: Box) -> None:
    assert box.says("echo new >new.txt; git add new.txt; git status --porcelain") == "A  new.txt"
    tree = git_change.snapshot(box.worktree)
    assert git_out(box.root, "cat-file", "-p", f"{tree}:new.txt") == "new"
    assert git_out(box.root, "fsck", "--no-dangling") == ""
    assert not private(box).exists()


def test_what_a_gate_added_does_not_break_the_look_after_it(box: Box) -> None:
    tree = git_change.snapshot(box.worktree)
    box.says("echo g >generated.txt; git add generated.txt", place=box.place("gate"))
    assert git_change.tracked_tree(box.worktree) != tree


def test_what_it_committed_is_on_the_attempts_branch_and_no_other_branch_moves(box: Box) -> None:
    before = git_out(box.root, "rev-parse", "main")
    git_out(box.root, "branch", "pipeline/other.1", "main")
    box.says(
        "echo own >own.txt; git add own.txt; git commit -qm own;"
        " git rev-parse HEAD >../../../.git/refs/heads/pipeline/other.1; git branch pipeline/new.1"
    )
    git_change.snapshot(box.worktree)
    assert git_out(box.root, "log", "--format=%s", "pipeline/t.1").splitlines() == ["own", "first"]
    branches = git_out(box.root, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()
    assert branches == ["main", "pipeline/other.1", "pipeline/t.1"]
    assert git_out(box.root, "rev-parse", "main", "pipeline/other.1").splitlines() == [before, before]
    assert git_out(box.root, "fsck", "--no-dangling") == ""


@pytest.mark.parametrize(
    "evil",
    [
        "rm -rf ../../../.git/objects/* ../../../.git/refs ../../../.git/packed-refs",
        "git gc --prune=now -q; git reflog expire --all --expire=now",
        "git config core.fsmonitor evil; git config --worktree core.hooksPath evil",
        "printf '[core]\\n fsmonitor = x\\n' >>../../../.git/config; echo x >../../../.git/hooks/pre-commit",
        "echo x >.git; rm -f .git; mv .git gone; rm -rf ../../../.git/worktrees/t.1/commondir",
        "git push . HEAD:main; git update-ref refs/heads/main HEAD; git stash",
    ],
)
def test_the_repository_stays_as_it_is_whatever_is_tried(box: Box, evil: str) -> None:
    git_out(box.root, "pack-refs", "--all")
    git_out(box.root, "update-ref", "refs/heads/side", git_out(box.root, "commit-tree", "HEAD^{tree}", "-m", "side"))
    common = box.root / ".git"
    before = {path: path.read_bytes() for path in common.rglob("*") if path.is_file() and "worktrees" not in path.parts}
    box.run(f"git add -A; {evil}")
    after = {path: path.read_bytes() for path in common.rglob("*") if path.is_file() and "worktrees" not in path.parts}
    assert before.items() <= after.items()
    assert {path.parts[-3] for path in after.keys() - before.keys()} <= {"objects"}
    git_change.snapshot(box.worktree)
    assert git_out(box.root, "fsck", "--no-dangling") == ""


def test_a_broken_object_is_not_taken(box: Box) -> None:
    wanted = "0" * 38
    box.says(f"mkdir -p ../../../.git/objects/aa; echo junk >../../../.git/objects/aa/{wanted}")
    box.says("true")
    git_change.snapshot(box.worktree)
    assert not (box.root / ".git/objects/aa" / wanted).exists()


def test_a_pack_is_taken_apart(box: Box) -> None:
    box.says("echo a >a; git add a; git commit -qm packed; git repack -adq")
    git_change.snapshot(box.worktree)
    assert git_out(box.root, "log", "-1", "--format=%s", "pipeline/t.1") == "packed"
    assert git_out(box.root, "fsck", "--no-dangling") == ""


def test_a_link_in_its_place_leads_nowhere(box: Box, tmp_path: Path) -> None:
    """The folder lies where the agent may write; what it puts there instead is neither read nor written through."""
    outside = tmp_path / "outside"
    (outside / "objects").mkdir(parents=True)
    place = private(box)
    place.symlink_to(outside)
    git_private.take_over(box.worktree, place.parent)
    assert not place.is_symlink()
    place.symlink_to(outside)
    assert box.says("git status --porcelain") == ""
    assert [path.name for path in outside.rglob("*")] == ["objects"]


def test_what_a_killed_runner_left_is_taken_with_the_next_look(box: Box) -> None:
    """The objects that the index names are there, or the work could not be saved."""
    git_private.prepare(box.worktree, str(box.root / ".git/objects"))
    write(box.worktree, "late.txt", "late\n")
    shutil.copytree(box.root / ".git/objects", private(box) / "objects", dirs_exist_ok=True)
    tree = git_change.snapshot(box.worktree)
    assert git_out(box.root, "cat-file", "-p", f"{tree}:late.txt") == "late"
    assert not private(box).exists()
