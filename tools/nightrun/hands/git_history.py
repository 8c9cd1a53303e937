"""The commits of the pipeline in a history, and those that revert something."""

from __future__ import annotations

from pathlib import Path

from nightrun.hands import git
from nightrun.words.commit import Commit
from nightrun.words.errors import WrongUse

# Few of a long history match, and only these are read.
_PIPELINE = ("^\\[pipeline\\]", "^Pipeline-Task *:")
_REVERTS = ("^Reverts-Commit:", "This reverts commit ")
_FORMAT = "--format=%H%x00%T%x00%P%x00%ct%x00%B"
_FIELDS = 5


def pipeline_commits(where: Path, range: str) -> list[Commit]:
    """Newest first, never a parent before its child. A range without `..` is that one commit.

    WrongUse when git does not know such a range.
    """
    return _matching(where, range if ".." in range else f"{range}^!", _PIPELINE)


def recent_commits(where: Path, ref: str, since: float) -> list[Commit]:
    """Those of a whole history that were committed after a moment; rebased ones are as old as their rebase."""
    return [one for one in _matching(where, ref, _PIPELINE) if one.at >= since]


def with_reverts(where: Path, ref: str) -> list[Commit]:
    """Those of the whole history of a ref, and every commit that says it reverts another one; in the same order."""
    return _matching(where, ref, (*_PIPELINE, *_REVERTS))


def _matching(where: Path, range: str, patterns: tuple[str, ...]) -> list[Commit]:
    flags = ("-z", "--topo-order", "--encoding=UTF-8", "--no-show-signature", "--basic-regexp", _FORMAT)
    wanted = (f"--grep={one}" for one in patterns)
    done = git.run(where, "log", *flags, *wanted, "--end-of-options", range, "--", ok=(0, 128))
    if done.code != 0:
        raise WrongUse(f"git knows no commits {range!r} here.", "Name a commit or a range such as origin/main..HEAD.")
    fields = iter(done.out.split(b"\0"))  # git ends with one more NUL or none, by its version
    return [_commit(*row) for row in zip(*[fields] * _FIELDS, strict=False)]


def _commit(sha: bytes, tree: bytes, parents: bytes, at: bytes, message: bytes) -> Commit:
    return Commit(
        sha=sha.decode(), tree=tree.decode(), parents=tuple(parents.decode().split()), at=float(at), message=message
    )
