"""What git does in this repository, whoever calls it, survives a power cut: by a setting of the repository (D5).

By default git leaves new objects to the kernel: a person's commit of the last half minute may come back as empty files,
and the branch, with everything below, cannot be read any more.
"""

from __future__ import annotations

from pathlib import Path

from nightrun.hands import git

_SETTING = "core.fsync"
_OURS = "nightrun.fsync"  # says that the setting is from here


def harden(root: Path) -> list[str]:
    """What a person has set, for this repository or for all of theirs, stays; says what was done."""
    if git.text(root, "config", "--get", _SETTING, ok=(0, 1)):
        return []
    git.run(root, "config", "--local", _OURS, "true")
    git.run(root, "config", "--local", _SETTING, "all")
    return [f"{_SETTING}: set to `all` here, so that a power cut takes no commit"]


def undo(root: Path) -> list[str]:
    """Take the setting back, when it is ours."""
    if _local(root, _OURS) != "true":
        return []
    git.run(root, "config", "--local", "--unset", _OURS)
    if _local(root, _SETTING) != "all":
        return []
    git.run(root, "config", "--local", "--unset", _SETTING)
    return [f"{_SETTING}: taken back"]


def _local(root: Path, name: str) -> str:
    return git.text(root, "config", "--local", "--get", name, ok=(0, 1))
