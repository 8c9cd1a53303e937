"""Puts the finished tree of an attempt on its branch as one commit, with the repository's hooks around it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nightrun.hands import commit_index, git, git_commit, git_worktree
from nightrun.hands.commit_hooks import PRE_COMMIT, HookRefused, Hooks
from nightrun.hands.commit_index import PrivateIndex
from nightrun.hands.git_commit import Place
from nightrun.words.errors import NightrunError

# Made.state
COMMITTED = "committed"
CHANGED = "changed"
REFUSED = "refused"
FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Made:
    """A commit of an attempt's tree. CHANGED: a pre-commit hook altered the tree, which has to pass the gate again."""

    state: str  # COMMITTED, CHANGED, REFUSED or FAILED
    sha: str | None = None
    tree: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class _Change:
    place: Place
    ref: str
    parent: str | None
    tree: str
    message: bytes
    author: str | None
    sign: bool

    def hooks(self, environment: Mapping[str, str]) -> Hooks:
        return Hooks(place=self.place, environment={**environment, **git_commit.author_environment(self.author)})


def commit_change(
    worktree: Path,
    *,
    ref: str,
    parent: str | None,
    tree: str,
    message: bytes,
    author: str | None,
    sign: bool,
    hooks: Path | None = None,
) -> Made:
    """Put `tree` on `ref`, which has to be at `parent`. Never raises: the task is completed, and it is tried again.

    `hooks` is the folder of the hooks where that is known. After CHANGED the same call with `Made.tree` goes on; what
    the hook changed is on disk in the worktree.
    """
    try:
        place = git_commit.place(worktree, None) if hooks is None else _place(worktree, hooks)
        change = _Change(place=place, ref=ref, parent=parent, tree=tree, message=message, author=author, sign=sign)
        if place.has_hook(PRE_COMMIT):
            return _with_pre_commit(change)
        return _commit(change, change.hooks(commit_index.own(place)))
    except HookRefused as error:
        return Made(state=REFUSED, tree=tree, detail=_words(error))
    except (NightrunError, OSError) as error:
        return Made(state=FAILED, tree=tree, detail=_words(error))


def _place(worktree: Path, hooks: Path) -> Place:
    """What git would say, without asking it."""
    git_dir, common = git_worktree.git_dir(worktree), git.common_dir(worktree)
    return Place(top=worktree, git_dir=git_dir, common=common, hooks=hooks, tree=None)


def _with_pre_commit(change: _Change) -> Made:
    place = change.place
    with commit_index.private(place, place.git_dir) as index:
        if is_other := index.tree() != change.tree:
            index.read(change.tree)
        hooks = change.hooks(index.environment)
        try:
            hooks.pre_commit()
        except HookRefused:
            index.restage(_paths(change))
            made = _changed(index, change)
            if made is None:
                raise
            return made
        made = _changed(index, change) or _commit(change, hooks)
        if is_other and made.state == COMMITTED:
            index.install(_paths(change))
    return made


def _changed(index: PrivateIndex, change: _Change) -> Made | None:
    tree = index.tree()
    if tree == change.tree:
        return None
    return Made(state=CHANGED, tree=tree, detail=f"The hook {PRE_COMMIT} changed the files.")


def _commit(change: _Change, hooks: Hooks) -> Made:
    place, final = change.place, hooks.final_message(change.message)
    sha = git_commit.commit_tree(place.top, change.tree, change.parent, final, author=change.author, sign=change.sign)
    subject = change.message.partition(b"\n")[0].decode(errors="replace")
    if not git_commit.move_ref(place.top, change.ref, sha, change.parent, f"commit: {subject}", common=place.common):
        return Made(state=FAILED, tree=change.tree, detail=f"{change.ref} moved meanwhile.")
    change.hooks(commit_index.own(place)).post_commit()
    return Made(state=COMMITTED, sha=sha, tree=change.tree)


def _paths(change: _Change) -> list[str]:
    flags = ("-r", "-z", "--name-only", "--no-renames")
    if change.parent is None:
        listed = git.run(change.place.top, "ls-tree", "-r", "-z", "--name-only", change.tree)
    else:
        listed = git.run(change.place.top, "diff-tree", *flags, change.parent, change.tree)
    return os.fsdecode(listed.out).split("\0")[:-1]


def _words(error: BaseException) -> str:
    hint = getattr(error, "hint", None)
    return f"{error} {hint}" if hint else str(error)
