"""Tries to push without permission from a scratch attempt, as an agent here would (reliability.md 4.2)."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from nightrun.decisions import child_env, push_attempts
from nightrun.hands import git, git_worktree, http_remote, process, sandbox
from nightrun.hands.sandbox import Place
from nightrun.hands.state_dir import StateDir
from nightrun.words.agent import AgentSpec
from nightrun.words.errors import NightrunError
from nightrun.words.sandbox import AGENT, OFF, Rules

FOLDER = "a folder on this machine"
HTTP = "HTTP with a password"
_USER = "owner"
_ATTEMPT = "doctor.1"
_TIMEOUT_S = 120.0
_SPEC = AgentSpec(name="doctor", kind="script", program=None)
_HOME = "[user]\n\tname = nightrun\n\temail = nightrun@localhost\n[credential]\n\thelper = store --file '{}/.stored'\n"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of all ways to push to one kind of remote. `passed` are the names of those that got through."""

    remote: str
    sandbox: bool
    passed: tuple[str, ...]


def rows(root: Path, rules: Rules) -> list[Row]:
    """With the sandbox that the policy has here, where it has one, and without; nothing of the repository is touched.

    The hooks are copies of those that git runs here; the remote and the credential for it are made for the trial.
    """
    boxed = rules.mode != OFF and sandbox.look().program is not None
    found = []
    for remote in (FOLDER, HTTP):
        for inside in (True, False) if boxed else (False,):
            with _scratch(root, remote) as scratch:
                scratch.try_all(rules if inside else replace(rules, mode=OFF))
                found.append(Row(remote=remote, sandbox=inside, passed=scratch.passed()))
    return found


@dataclass(frozen=True, kw_only=True)
class _Scratch:
    """A person's home folder, their repository with one attempt, and its remote."""

    home: Path
    project: Path
    bare: Path
    address: str

    @property
    def worktree(self) -> Path:
        return StateDir(self.project).worktrees / _ATTEMPT

    def try_all(self, rules: Rules) -> None:
        """One after the other in one shell: each leaves a branch of its name on the remote, or does not."""
        script = "\n".join(f"(\n{one.script}\n)" for one in push_attempts.ALL)
        extra = {"REMOTE": self.address, "CREDENTIALS": str(self.home / ".git-credentials"), "LC_ALL": "C"}
        env = child_env.for_agent({**os.environ, "HOME": str(self.home)}, _SPEC, extra)
        place = Place(
            worktree=self.worktree,
            root=self.project,
            room=StateDir(self.project).path / sandbox.ROOMS / _ATTEMPT,
            kind=AGENT,
        )
        # A remote in a temporary folder could not be seen inside for that reason alone.
        shown = replace(rules, readable=(*rules.readable, str(self.bare)))
        argv = ["sh", "-c", script]
        with sandbox.entered(shown, place, argv, env) as box:
            ended = process.run_agent(
                argv,
                cwd=self.worktree,
                env=env,
                sandbox=box,
                stdin=None,
                log=self.home / "log",
                timeout_s=_TIMEOUT_S,
                silence_s=None,
                should_stop=lambda: False,
                marker=f"doctor:{os.getpid()}",
            )
        sandbox.check_end(box, ended)

    def passed(self) -> tuple[str, ...]:
        there = git.text(self.bare, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads").splitlines()
        return tuple(sorted(one.name for one in push_attempts.ALL if one.name in there))


@contextmanager
def _scratch(root: Path, remote: str) -> Iterator[_Scratch]:
    with tempfile.TemporaryDirectory(prefix="nightrun-proof-") as name:
        folder = Path(os.path.realpath(name))
        bare, project, home = folder / "served/remote.git", folder / "project", folder / "home"
        for one in (bare, project, home):
            one.mkdir(parents=True)
        git.run(bare, "init", "-q", "--bare", ".")
        git.run(bare, "config", "http.receivepack", "true")
        password = secrets.token_hex(16)
        if remote == FOLDER:
            yield _made(root, home, project, bare, str(bare), f"file://{bare}")
            return
        with http_remote.serving(bare.parent, _USER, password) as address:
            url = f"{address}/{bare.name}"
            yield _made(root, home, project, bare, url, url.replace("://", f"://{_USER}:{password}@"))


def _made(root: Path, home: Path, project: Path, bare: Path, address: str, secret: str) -> _Scratch:
    (home / ".gitconfig").write_text(_HOME.format(home))
    for name in (".git-credentials", ".stored"):  # git writes the second one anew each time it uses it
        (home / name).write_text(f"{secret}\n")
    git.run(project, "init", "-q", "--template=", ".")
    hooks = git.hooks_dir(root)
    if hooks.is_dir():
        shutil.copytree(hooks, project / ".git/hooks", symlinks=True, dirs_exist_ok=True)
    git.run(project, "remote", "add", "origin", address)
    identity = ("-c", "user.name=nightrun", "-c", "user.email=nightrun@localhost")
    tree = git.run(project, "mktree", stdin=b"").text.strip()
    sha = git.text(project, *identity, "commit-tree", tree, "-m", "work")
    git.run(project, "update-ref", "HEAD", sha)
    made = _Scratch(home=home, project=project, bare=bare, address=address)
    StateDir(project).create()
    git_worktree.add(project, made.worktree, f"pipeline/{_ATTEMPT}", "HEAD")
    return made


def can_be_tried(root: Path) -> bool:
    """Not where git itself does not work; the other rows say why."""
    try:
        git.hooks_dir(root)
    except NightrunError:
        return False
    return True
