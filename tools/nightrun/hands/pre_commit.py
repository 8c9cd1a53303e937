"""The only door to the pre-commit program: it runs the file checks of `.pre-commit-config.yaml` on a commit."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from nightrun.hands import git, process

CONFIG = ".pre-commit-config.yaml"
_OTHERS = (b"prek", b"lefthook")  # they put a hook of their own in this place, and read the same checks or others


def install(root: Path) -> str | None:
    """Have git run the file checks before each commit; says what was done, None where there are no checks.

    Only its pre-commit stage: at the others it skips pushes and loses edits (githooks.md sections 4a and 6b).
    """
    if not (root / CONFIG).is_file():
        return None
    other = _other_framework(git.hooks_dir(root) / "pre-commit")
    if other:
        return f"pre-commit: {other} runs here already, left alone"
    if importlib.util.find_spec("pre_commit") is None:
        return f"pre-commit: not installed, so the checks of {CONFIG} do not run"
    argv = [sys.executable, "-m", "pre_commit", "install", "--hook-type", "pre-commit"]
    done = process.run(argv, cwd=root, timeout_s=120)
    if done.code == 0:
        return f"pre-commit: runs the checks of {CONFIG} on every commit"
    said = (done.text.strip() or done.err.decode(errors="replace").strip() or "no reason given").split("\n")[-1]
    return f"pre-commit: cannot be installed: {said}"


def _other_framework(hook: Path) -> str | None:
    content = hook.read_bytes() if hook.is_file() else b""
    return next((name.decode() for name in _OTHERS if name in content), None)
