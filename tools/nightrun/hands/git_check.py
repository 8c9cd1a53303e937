"""Whether a repository came through a power cut: objects that lost their content, and what is missing (D7)."""

from __future__ import annotations

import os
from pathlib import Path

from nightrun.hands import git

_TIMEOUT_S = 300.0
_SAYS = ("error:", "fatal:", "missing ", "broken ")


def remove_empty_objects(root: Path) -> list[str]:
    """Their ids. Nothing can be an empty file here, and git takes it for written: it would never write it again."""
    gone = []
    for folder in (git.common_dir(root) / "objects").glob("[0-9a-f][0-9a-f]"):
        for entry in os.scandir(folder):
            if entry.is_file(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_size == 0:
                os.unlink(entry.path)  # noqa: PTH108 (a path that scandir gave)
                gone.append(f"{folder.name}{entry.name}")
    return sorted(gone)


def problems(root: Path) -> list[str]:
    """What `git fsck` finds out of reach that should be there; GitFailed when it takes too long."""
    flags = ("--connectivity-only", "--no-dangling", "--no-progress")
    done = git.run(root, "fsck", *flags, timeout_s=_TIMEOUT_S, ok=range(256))
    said = os.fsdecode(done.err + done.out).splitlines()
    found = [line for line in said if line.startswith(_SAYS)]
    return found or ([f"git fsck: exit code {done.code}"] if done.code else [])
