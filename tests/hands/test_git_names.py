"""Any name that a file can have goes through every door to git byte for byte: made, compared, committed and landed."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from nightrun.hands import git, git_change, git_commit, git_land, git_worktree

BRANCH = "pipeline/t1.1"
# One part of a path: any bytes but NUL and the slash, and none of the names that git keeps for itself.
KEPT = (b".git", b"git~")
PART = st.binary(min_size=1, max_size=20).filter(
    lambda name: not {0, 0x2F} & set(name) and name.strip(b". ") != b"" and not name.lower().startswith(KEPT)
)


def names() -> list[bytes]:
    """Many in one repository: a git of its own for each would take minutes."""
    found: dict[bytes, None] = {}

    @settings(max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(PART)
    @example(b"-rf")
    @example(b":(top)x")
    @example(b"two\nlines\n")
    @example(b'"quoted"\\\t')
    @example(b"not utf-8 \xff\xfe")
    @example(b"\xf0\x9f\x90\x8d")
    @example(b" blank ")
    @example(b"*")
    def collect(name: bytes) -> None:
        found[name] = None

    collect()
    return list(found)


def test_every_name_is_made_committed_and_landed_as_it_is(repo: Path) -> None:
    folder, base = repo / ".pipeline/worktrees/t1.1", git.tip(repo, "main")
    assert base is not None
    git_worktree.add(repo, folder, BRANCH, base)
    wanted = {name: b"content of " + name for name in names()}
    for name, content in wanted.items():
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(content)
    tree = git_change.snapshot(folder)
    changed = {os.fsencode(one.path) for one in git_change.differences(folder, git.tree_of(repo, base), tree)}
    assert changed == wanted.keys()
    sha = git_commit.commit_tree(folder, tree, base, b"all names\n", author=None, sign=False)
    assert git_land.fast_forward(repo, sha, branch="main").state == git_land.DONE
    there = {name: Path(os.fsdecode(os.fsencode(repo) + b"/" + name)).read_bytes() for name in wanted}
    assert there == wanted
    assert git.text(repo, "status", "--porcelain") == "?? .pipeline/"
