"""Which commits of the pipeline are to be reverted, which are already, and what the reverting commit says."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nightrun.decisions import lines
from nightrun.decisions import message as messages
from nightrun.words.commit import Commit

REVERTS_TASK = "Reverts-Pipeline-Task"
REVERTS = "Reverts-Commit"
SUBJECT_CHARS = 200

# As `git revert` writes it; a merge has more behind the name.
_BY_GIT = re.compile(r"^This reverts commit ([0-9a-f]{40,64})\b", re.MULTILINE)
_TASK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class Selected:
    wanted: tuple[Commit, ...]  # newest first, as they have to be reverted
    already: tuple[tuple[Commit, str], ...]  # and the commit that reverted it


def task_of(commit: Commit) -> str | None:
    """The task whose commit it is; None when it names none, or more than one."""
    values = messages.trailers(commit.message).get(messages.TASK) or []
    return values[0] if len(values) == 1 and _TASK_ID.fullmatch(values[0]) else None


def select(history: Sequence[Commit], is_meant: Callable[[Commit], bool]) -> Selected:
    """`history`: commits of the pipeline and reverting ones, newest first."""
    undone = _undone(history)
    meant = [one for one in history if task_of(one) is not None and is_meant(one)]
    return Selected(
        tuple(one for one in meant if one.sha not in undone),
        tuple((one, undone[one.sha]) for one in meant if one.sha in undone),
    )


def _undone(history: Sequence[Commit]) -> dict[str, str]:
    """Commit -> what reverted it; a revert that was itself reverted later does not count."""
    found: dict[str, str] = {}
    for one in history:
        if one.sha not in found:
            found |= dict.fromkeys(reverted_by(one), one.sha)
    return found


def reverted_by(commit: Commit) -> list[str]:
    """The commits that this one says it reverts."""
    text = commit.message.decode(errors="replace")
    return [*_BY_GIT.findall(text), *messages.trailers(commit.message).get(REVERTS, ())]


def message(commit: Commit) -> bytes:
    """Of the commit that reverts another one; not one of the pipeline, so no `[pipeline]` at its start."""
    own = f"{REVERTS_TASK}: {task_of(commit)}\n{REVERTS}: {commit.sha}"
    subject = lines.safe(commit.subject, SUBJECT_CHARS)
    return f'Revert "{subject}"\n\nThis reverts commit {commit.sha}.\n\n{own}\n'.encode()


def without_lines(before: str, after: str, now: str) -> str | None:
    """`now` with each line that `after` changed as it was in `before`; None when it is not that plain.

    A tick in a backlog and the ticks beside it are one conflict for git, and none for a person.
    """
    old, new, wanted = (text.splitlines(keepends=True) for text in (before, after, now))
    if len(old) != len(new):
        return None
    for line, earlier in zip(new, old, strict=True):
        if line == earlier:
            continue
        if wanted.count(line) != 1:
            return None
        wanted[wanted.index(line)] = earlier
    return "".join(wanted)


def by_hand(reverts: Sequence[str], conflicting: str) -> str:
    """What a person types to do it themselves, where one of the commits conflicts."""
    first = f"git revert --no-edit {' '.join(reverts)}; " if reverts else ""
    return f"By hand: {first}git revert {conflicting}, resolve it, git add the files, git revert --continue."
