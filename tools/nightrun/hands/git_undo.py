"""A tree without what one commit changed: a revert that touches no work tree."""

from __future__ import annotations

from pathlib import Path

from nightrun.hands import git, git_change, git_commit, git_land
from nightrun.hands.git_land import Merged
from nightrun.words.commit import Commit


def without(root: Path, tree: str, commit: Commit) -> Merged:
    """`tree` without the change of a commit; nothing but objects is written, and `tree` holds markers at conflicts.

    It is the merge of two trees whose common ancestor is the commit's own. `merge-tree` takes no trees before git
    2.40, so each gets a commit that no ref names.
    """
    before = git.tree_of(root, commit.parents[0]) if commit.parents else git_change.empty_tree(root)
    ancestor = _stand_in(root, commit.tree, None)
    ours, theirs = (_stand_in(root, one, ancestor) for one in (tree, before))
    return git_land.merge(root, ours, theirs)


def _stand_in(root: Path, tree: str, parent: str | None) -> str:
    return git_commit.commit_tree(root, tree, parent, b"nightrun: stands in for a tree\n", author=None, sign=False)
