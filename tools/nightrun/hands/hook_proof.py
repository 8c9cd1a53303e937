"""Fires the hooks that git really runs, against scratch remotes only."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nightrun.decisions.hook_text import COMMIT_MSG, HookValues
from nightrun.hands import git, process

# What these scripts do is done as an agent would do it, from a shell, without the care of hands/git.py.
_MAKE_REMOTE = """
set -e
git init -q --bare remote.git && cd remote.git
git update-ref refs/heads/probe "$(git commit-tree "$(git mktree </dev/null)" -m probe)"
"""
# A deletion: it reaches the hook, and moves no object when the hook fails to stop it.
_PUSH = 'git push -q -- "$REMOTE" :refs/heads/probe'
_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "nightrun"), ("EMAIL", "nightrun@localhost"))
}
_KEPT = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM")
_TIMEOUT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One firing of a hook: what was done and what came of it."""

    holds: bool
    text: str


def prove(root: Path, values: HookValues) -> list[Proof]:
    """A good message, a bad one and a push, each judged by the hooks that git finds in this repository."""
    task_type = values.types[0] if values.types else ""
    with _scratch(root) as (folder, env):
        proofs = [
            _message(root, folder, "[pipeline] no-such-type t-1: a known-bad message", accepted=False),
            _push(root, folder, env),
        ]
        if task_type:
            proofs.insert(0, _message(root, folder, f"[pipeline] {task_type} t-1: a known-good message", accepted=True))
    return proofs


@contextmanager
def _scratch(root: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with a bare remote, and the environment of somebody who has no permission to push."""
    with tempfile.TemporaryDirectory(prefix="nightrun-proof-") as name:
        folder = Path(name).resolve()
        env = _without_permission(os.environ) | _IDENTITY
        env |= {
            "REMOTE": str(folder / "remote.git"),
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        _sh(_MAKE_REMOTE, folder, env)
        yield folder, env


def _without_permission(environment: Mapping[str, str]) -> dict[str, str]:
    """Neither the permission nor what a git that called us left for its children."""
    return {
        name: value
        for name, value in environment.items()
        if name != "PIPELINE_AUTO_PUSH" and (name in _KEPT or not name.startswith("GIT_"))
    }


def _sh(script: str, folder: Path, env: Mapping[str, str]) -> process.Finished:
    return process.run(["sh", "-c", script], cwd=folder, env=env, timeout_s=_TIMEOUT_S)


def _message(root: Path, folder: Path, message: str, *, accepted: bool) -> Proof:
    path = folder / "MESSAGE"
    path.write_text(f"{message}\n")
    done = git.run_hook(root, COMMIT_MSG, [str(path)], {})
    what = f"the commit-msg hook on `{message}`"
    if done is None:
        return Proof(holds=False, text=f"{what}: git finds no hook to run")
    said = done.err.decode(errors="replace").strip().split("\n")[0]
    if accepted:
        answer = "accepted" if done.code == 0 else f"refused, though it is correct: {said}"
        return Proof(holds=done.code == 0, text=f"{what}: {answer}")
    refused = done.code != 0 and said.startswith("nightrun:")
    return Proof(holds=refused, text=f"{what}: {'refused' if refused else f'not refused by nightrun: {said}'}")


def _push(root: Path, folder: Path, env: Mapping[str, str]) -> Proof:
    done = _sh(_PUSH, root, env)
    intact = _has_ref(folder, env, "probe")
    refused = intact and done.code != 0 and b"nightrun: push stopped" in done.err
    what = "a push from here to a scratch remote"
    if refused:
        return Proof(holds=True, text=f"{what}: stopped by the pre-push hook")
    said = done.err.decode(errors="replace").strip().split("\n")[0]
    return Proof(holds=False, text=f"{what}: {'failed, but not by the hook: ' + said if intact else 'went through'}")


def _has_ref(folder: Path, env: Mapping[str, str], branch: str) -> bool:
    script = f"git rev-parse -q --verify refs/heads/{branch}"
    return _sh(script, folder / "remote.git", env).code == 0
