"""Finished work that was not committed by itself, as the branches of its attempts say: also when no API answers."""

from __future__ import annotations

import os
import re
from pathlib import Path

from nightrun.hands import git

_SUBJECT = re.compile(r"nightrun: finished work of (\S+) (\S+), not committed")


def subject(task_type: str, task_id: str) -> str:
    """Of the commit that keeps it."""
    return f"nightrun: finished work of {task_type} {task_id}, not committed"


def found(root: Path) -> list[dict[str, str]]:
    """`task_type`, `id` and `branch` of each, the oldest first."""
    flags = ("--sort=creatordate", "--format=%(refname:short)%00%(subject)", "refs/heads/pipeline/")
    listed = os.fsdecode(git.run(root, "for-each-ref", *flags).out).splitlines()
    pairs = (one.partition("\0")[::2] for one in listed)
    known = ((branch, _SUBJECT.fullmatch(said)) for branch, said in pairs)
    return [{"task_type": one[1], "id": one[2], "branch": branch} for branch, one in known if one]
