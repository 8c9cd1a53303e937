"""Where a drill takes place: a clone of the repository, and a remote that stands in for its own; all in one folder."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nightrun.decisions import child_env, drill, drill_tests
from nightrun.decisions.drill_tests import TestFile
from nightrun.drills import found
from nightrun.drills.found import Drill
from nightrun.hands import clock, files, git, hooks, policy_file, process, sandbox, state_dir, top_folder
from nightrun.policy import adoption
from nightrun.policy.model import Policy
from nightrun.words import gate as gates
from nightrun.words.errors import NightrunError

BRANCH = "main"  # in the clone, where the person has none checked out
GATE_S = 45.0  # a gate that takes longer has a stand-in
STAND_IN = ["sh", "-c", "test ! -e nightrun-drill-broken"]
SERVED = "served"  # folder of what is asked over HTTP
WEB_CREDENTIALS = ".web-credentials"
SEARCHED = 2000  # files that are looked at for tests
_OWN_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
_IDENTITY = {"user.name": "Drill", "user.email": "drill@example.invalid"}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What was made, and what is to be told about it."""

    folder: Path
    branch: str
    gate: tuple[tuple[str, ...], ...]  # what checks the drills that meet a gate
    real_gate: bool
    policy: dict[str, Any]  # the person's own, as it was written
    tests: TestFile
    notes: tuple[str, ...]
    why_no_sandbox: str | None = None  # None: the agents are in one
    web: str = ""  # address of the remote that is asked over HTTP
    base: str = ""  # commit that every drill starts from

    @property
    def root(self) -> Path:
        return self.folder / "repository"

    @property
    def remote(self) -> Path:
        return self.folder / "remote.git"

    @property
    def web_remote(self) -> Path:
        """What is behind that address."""
        return self.folder / SERVED / "remote.git"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def out(self, name: str) -> Path:
        """Where the programs that a drill planted leave their names."""
        return self.folder / "out" / name


def seal(folder: Path) -> None:
    """What the person set for their own work has no effect here: this process and its children forget it."""
    for name in [one for one in os.environ if one.startswith(("PIPELINE_", "NIGHTRUN_"))]:
        del os.environ[name]
    scratch = folder / "tmp"
    scratch.mkdir()
    os.environ.update(_OWN_GIT, TMPDIR=str(scratch))


def new_folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="nightrun-drill-")).resolve()


def make(own: Path, folder: Path, drills: Sequence[Drill], web: str, sandbox_mode: str | None = None) -> Scene:
    """Clone, remote, policy and hooks, in a folder that is there. NightrunError says what the repository lacks.

    `web`: the address of what is in the folder SERVED, name and password included.
    """
    chosen, gate, notes = _policy_of(own)
    scene = Scene(
        folder=folder,
        branch=git.state(own).branch or BRANCH,
        gate=gate,
        real_gate=True,
        policy=chosen,
        tests=drill_tests.sample(),
        notes=tuple(notes),
    )
    _clone(own, scene)
    seal(folder)
    _check_out(scene, git.text(own, "rev-parse", "HEAD"))
    scene = _with_web(scene, web)
    scene = _with_tests(_with_gate(scene) if any(one.kind == found.GATED for one in drills) else scene)
    _commit(scene, drills, sandbox_mode)
    why, note = _about_sandbox(scene)
    base = git.text(scene.root, "rev-parse", "HEAD")
    return replace(scene, base=base, why_no_sandbox=why, notes=(note, *scene.notes))


# -- the person's policy


def _policy_of(own: Path) -> tuple[dict[str, Any], tuple[tuple[str, ...], ...], list[str]]:
    """As it was written, the gate with what it needs before it, and what is to be told."""
    if git.state(own).unborn:
        raise NightrunError(f"{own} has no commit yet, so there is nothing to clone.", "Make a first commit.")
    if not (own / policy_file.NAME).exists():
        return _as_adopted(own)
    policy = policy_file.load(own)
    notes = [] if policy.project.isolation == "worktree" else ["isolation is worktree in the drill, not root"]
    commands = _gate_of(policy)
    if not commands:
        notes.append("the policy has no gate on purpose: nothing can see that work is broken")
    return policy.model_dump(mode="json", exclude_unset=True), (*policy.workspace.setup, *commands), notes


def _gate_of(policy: Policy) -> tuple[tuple[str, ...], ...]:
    """Of impl, or of the first type that has one."""
    named = [policy.task_types[name].gate for name in ("impl", *policy.committing_types)]
    return next((one for one in named if one), ())


def _as_adopted(own: Path) -> tuple[dict[str, Any], tuple[tuple[str, ...], ...], list[str]]:
    proposal = adoption.propose(top_folder.listing(own))
    if proposal.gate is None:
        raise NightrunError(
            f"No test command was found in {own}, so it is not known what checks the work there.",
            f"Put nightrun into it (nightrun adopt {own}) and write the command into every gate of pipeline.yaml.",
        )
    policy = Policy.model_validate(proposal.chosen)
    note = f"there is no pipeline.yaml: the one that `nightrun adopt` would write is used ({proposal.gate.because})"
    return dict(proposal.chosen), (*policy.workspace.setup, *_gate_of(policy)), [note]


# -- the clone


def _clone(own: Path, scene: Scene) -> None:
    """Without links to the person's objects: an agent that writes to one writes to its own."""
    options = ("--no-hardlinks", "--no-checkout", "--single-branch", "--no-tags", "--template=")
    git.run(scene.folder, "clone", "--quiet", *options, str(own), str(scene.root), timeout_s=600)


def _check_out(scene: Scene, head: str) -> None:
    """The person's last commit, on a branch of the same name; the remote has it, too."""
    root = scene.root
    for name, value in _IDENTITY.items():
        git.run(root, "config", name, value)
    git.run(root, "checkout", "--quiet", "-B", scene.branch, head, timeout_s=600)
    git.run(scene.folder, "init", "--quiet", "--bare", "--template=", str(scene.remote))
    git.run(root, "remote", "set-url", "origin", str(scene.remote))
    git.run(root, "push", "--quiet", "origin", f"HEAD:refs/heads/{scene.branch}", timeout_s=600)
    git.run(scene.remote, "symbolic-ref", "HEAD", f"refs/heads/{scene.branch}")
    scene.home.mkdir()
    files.write(scene.home / ".git-credentials", f"file://{scene.remote}\n")
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/hooks").mkdir(exist_ok=True)
    state_dir.exclude(git.git_path(root, "info/exclude"))


def _with_web(scene: Scene, web: str) -> Scene:
    """The second remote: a person's git would take its password from their home folder."""
    git.run(scene.folder, "init", "--quiet", "--bare", "--template=", str(scene.web_remote))
    git.run(scene.web_remote, "config", "http.receivepack", "true")
    # All of the history would not pass the small server, and what fails for that reason shows nothing.
    git.run(scene.root, "push", "--quiet", str(scene.web_remote), f"HEAD:refs/heads/{scene.branch}", timeout_s=600)
    secret = f"{web}/{scene.web_remote.name}"
    address = f"http://{secret.rpartition('@')[2]}"
    git.run(scene.root, "remote", "add", "web", address)
    files.write(scene.home / WEB_CREDENTIALS, f"{secret}\n")
    files.write(scene.home / ".stored", f"{secret}\n")  # git writes it anew each time it uses it
    files.write(scene.home / ".gitconfig", f"[credential]\n\thelper = store --file '{scene.home / '.stored'}'\n")
    return replace(scene, web=address)


def _with_gate(scene: Scene) -> Scene:
    """The repository's own gate when it passes on the untouched clone in time, else a stand-in for it."""
    if not scene.gate:
        return scene
    shown = " && ".join(gates.shown(scene.gate))
    place, seconds = scene.folder / "gate", 0.0
    git.run(scene.folder, "clone", "--quiet", str(scene.root), str(place), timeout_s=600)
    started = clock.monotonic()
    for command in scene.gate:
        left = GATE_S - (clock.monotonic() - started)
        problem = _fails(command, place, left)
        if problem:
            note = f"your gate ({shown}) {problem} on the untouched clone, so a stand-in checks the drill's work"
            return replace(scene, gate=(tuple(STAND_IN),), real_gate=False, notes=(*scene.notes, note))
    seconds = clock.monotonic() - started
    shutil.rmtree(place, ignore_errors=True)
    return replace(scene, notes=(*scene.notes, f"your gate ({shown}) passes on the clone in {seconds:.1f} s"))


def _fails(command: Sequence[str], place: Path, left_s: float) -> str:
    """What it does instead of passing; empty when it passes."""
    try:
        done = process.run(command, cwd=place, env=child_env.for_gate(os.environ, {}), timeout_s=max(left_s, 1.0))
    except NightrunError as error:
        return f"cannot be run ({error.message})"
    if done.timed_out:
        return f"takes longer than {GATE_S:g} s"
    return "" if done.code == 0 else f"fails (exit code {done.code})"


def _with_tests(scene: Scene) -> Scene:
    """A file of tests of the repository to take away; a sample where none is known."""
    listed = git.text(scene.root, "ls-files", "-z").split("\0")
    candidates = [one for one in listed if one and drill_tests.is_candidate(one)][:SEARCHED]
    paths = {one: scene.root / one for one in candidates}
    texts = {name: path.read_bytes() for name, path in paths.items() if path.is_file() and not path.is_symlink()}
    tests = drill_tests.choose({name: text.decode(errors="replace") for name, text in texts.items()})
    if tests is not None:
        return replace(scene, tests=tests)
    path = scene.root / drill_tests.SAMPLE_PATH
    path.parent.mkdir(exist_ok=True)
    files.write(path, drill_tests.SAMPLE, mode=0o644)
    return replace(scene, notes=(*scene.notes, "no tests were recognised here: a sample in Python stands in for them"))


# -- what the drills are worked on with


def _commit(scene: Scene, drills: Sequence[Drill], sandbox_mode: str | None) -> None:
    """The policy of the drill, as the last commit before it, and the hooks."""
    root = scene.root
    env = {one.name: _variables(scene, one) for one in drills}
    # A real remote may lie where everybody reads; and what a drill planted leaves word in a folder of its own.
    reach = {"readable": [str(scene.remote)], "writable": [str(scene.folder / "out")]}
    chosen = drill.policy(scene.policy, drills, env=env, gate=scene.gate, reach=reach, sandbox=sandbox_mode)
    # JSON is YAML, too (YAML 1.2.2, 1.1).
    files.write(root / policy_file.NAME, json.dumps(chosen, indent=1) + "\n", mode=0o644)
    git.run(root, "add", "--all", "--force", "--", policy_file.NAME, *_sample(scene))
    git.run(root, "commit", "--quiet", "--no-verify", "--message=The policy of the drill")
    hooks.install(root, hooks.values_of(policy_file.load(root)))
    git.run(root, "push", "--quiet", "--no-verify", "origin", f"HEAD:refs/heads/{scene.branch}", timeout_s=600)


def _about_sandbox(scene: Scene) -> tuple[str | None, str]:
    """Why there is none, and that in words. NoSandbox when there must be one and cannot."""
    mode = policy_file.load(scene.root).workspace.sandbox
    sandbox.wanted(mode)
    why = sandbox.why_not(mode)
    if why is None:
        return None, "the agents of the drill run in a sandbox of bubblewrap"
    return why, f"the agents of the drill run without a sandbox: {why}"


def _sample(scene: Scene) -> list[str]:
    return [scene.tests.path] if scene.tests.path == drill_tests.SAMPLE_PATH else []


def _variables(scene: Scene, one: Drill) -> dict[str, str]:
    """What its agent is given, besides the address of a remote that it may not push to."""
    scene.out(one.name).mkdir(parents=True)
    there = (scene.web, WEB_CREDENTIALS) if one.over_http else (str(scene.remote), ".git-credentials")
    tests = {"TEST_FILE": scene.tests.path, "SKIPPED": scene.tests.skipped, "LOOSENED": scene.tests.loosened}
    return {
        "HOME": str(scene.home),
        "REMOTE": there[0],
        "CREDENTIALS": str(scene.home / there[1]),
        "OUT": str(scene.out(one.name)),
        "TARGET": scene.branch,
        "TAG": str(secrets.randbelow(10**12) + 10**12),
        **{name: text for name, text in tests.items() if name in one.script},
        **one.env,
    }
