"""Put policy, hooks, make targets and backlogs into a repository, and take away again exactly what was put there."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nightrun.hands import files, git, git_durable, hooks, policy_file, state_dir, top_folder
from nightrun.hands.state_dir import StateDir
from nightrun.policy import adoption, gates
from nightrun.policy.adoption import Proposal
from nightrun.policy.gates import Listing
from nightrun.policy.model import Policy
from nightrun.words.errors import BadPolicy, NightrunError

MANIFEST = "adopted.json"  # in the state folder: what was written, with the hash of each file
EARLIER = "before-adopt"  # in the state folder: what --force replaced
PROGRAM = "program"  # in the state folder: where this nightrun is, for pipeline.mk; a checkout's is not on PATH


@dataclass(frozen=True, kw_only=True)
class Adopted:
    """What was done in a repository, in words."""

    root: Path
    proposal: Proposal
    wrote: tuple[str, ...]
    kept: Mapping[str, str]  # file that was there already -> what became of it
    hooks: tuple[str, ...]
    no_hooks: NightrunError | None  # why none were installed
    policy_problems: tuple[str, ...]  # of the policy that is in place now


@dataclass
class Undone:
    """What was taken away, and what was not."""

    removed: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)
    hooks: list[str] = field(default_factory=list)


def adopt(root: Path, *, force: bool = False) -> Adopted:
    """Set the repository up. Files that are there stay, unless `force` replaces policy and make targets."""
    listing = top_folder.listing(root)
    proposal = adoption.propose(listing)
    state = _state(root)
    manifest = _manifest(state)
    wrote, kept = [], {}
    for name, text in _texts(proposal, listing).items():
        reason = _write(root, state, manifest, name, text, force=force and name in (adoption.POLICY, adoption.MAKE))
        if reason:
            kept[name] = reason
        else:
            wrote.append(name)
    files.write_json(state.path / MANIFEST, manifest)
    if (program := Path(sys.executable).with_name("nightrun")).exists():
        files.write(state.path / PROGRAM, str(program), mode=0o600)
    policy, problems = _policy_in_place(root, proposal)
    said, no_hooks = _install_hooks(root, policy)
    if said:
        files.write_json(state.path / MANIFEST, {**manifest, "hooks": True})
    return Adopted(
        root=root,
        proposal=proposal,
        wrote=tuple(wrote),
        kept=kept,
        hooks=tuple(said),
        no_hooks=no_hooks,
        policy_problems=problems,
    )


def undo(root: Path) -> Undone:
    """Take away what adopt wrote and nobody changed since; bring back what it replaced."""
    state = StateDir(root)
    if not (state.path / MANIFEST).exists():
        raise NightrunError(f"{root} was not adopted here.", hint=f"There is no {state.path / MANIFEST}.")
    manifest, done = _manifest(state), Undone()
    for name, digest in list(manifest["files"].items()):
        if _take_back(root, state, name, digest, done):
            del manifest["files"][name]
    _remove_if_empty(root / adoption.BACKLOG)
    if manifest["hooks"]:
        done.hooks = [*hooks.uninstall(root), *git_durable.undo(root)]
        manifest["hooks"] = False
    if manifest["files"]:
        files.write_json(state.path / MANIFEST, manifest)
    else:
        (state.path / MANIFEST).unlink()
        (state.path / PROGRAM).unlink(missing_ok=True)
    return done


def _state(root: Path) -> StateDir:
    state = StateDir(root).create()
    state_dir.exclude(git.git_path(root, "info/exclude"))
    return state


def _texts(proposal: Proposal, listing: Listing) -> dict[str, str]:
    return {
        adoption.POLICY: adoption.policy_text(proposal),
        adoption.MAKE: adoption.make_text(gates.make_targets(listing)),
        adoption.BACKLOG: adoption.BACKLOG_TEXT,
        adoption.META_BACKLOG: adoption.META_BACKLOG_TEXT,
    }


def _write(root: Path, state: StateDir, manifest: dict[str, Any], name: str, text: str, *, force: bool) -> str:
    """Write the file; the reason in words when it was not written."""
    path = root / name
    if path.exists() or path.is_symlink():
        if _digest(path) == _hash(text):
            return "is as it should be already"
        if not force:
            return "was there already and stays as it is"
        _keep_earlier(state, manifest, path, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, text, mode=0o644)
    manifest["files"][name] = _hash(text)
    return ""


def _keep_earlier(state: StateDir, manifest: dict[str, Any], path: Path, name: str) -> None:
    """What a person wrote is kept; what an earlier adopt wrote and nobody changed is not worth it."""
    if not path.is_file():
        raise NightrunError(f"{path} is not an ordinary file.", hint="Move it away; --force replaces files only.")
    if _digest(path) == manifest["files"].get(name):
        return
    folder = state.path / EARLIER
    folder.mkdir(mode=0o700, exist_ok=True)
    files.write(folder / name, path.read_bytes(), mode=0o600)


def _policy_in_place(root: Path, proposal: Proposal) -> tuple[Policy | None, tuple[str, ...]]:
    """The policy that hooks are made from: without a gate the proposed one is not valid, but its hooks are known."""
    try:
        return policy_file.load(root), ()
    except BadPolicy as error:
        problems = tuple(error.problems) or (error.message,)
        ours = _digest(root / adoption.POLICY) == _hash(adoption.policy_text(proposal))
        return (Policy.model_validate(proposal.chosen) if ours else None), problems


def _install_hooks(root: Path, policy: Policy | None) -> tuple[list[str], NightrunError | None]:
    if policy is None:
        return [], BadPolicy(
            "No hooks were installed: they are made from pipeline.yaml, which is not valid.",
            hint="Correct it (`nightrun policy check` says all), then run `nightrun setup`.",
        )
    try:
        return [*hooks.install(root, hooks.values_of(policy)), *git_durable.harden(root)], None
    except NightrunError as error:
        return [], error


def _take_back(root: Path, state: StateDir, name: str, digest: str, done: Undone) -> bool:
    """Remove one file; False when it stays because somebody changed it."""
    path, earlier = root / name, state.path / EARLIER / name
    if not path.exists():
        done.kept[name] = "is gone already"
    elif _digest(path) != digest:
        done.kept[name] = "was changed since and stays"
        return False
    elif earlier.is_file():
        files.write(path, earlier.read_bytes(), mode=0o644)
        earlier.unlink()
        done.restored.append(name)
    else:
        path.unlink()
        done.removed.append(name)
    return True


def _remove_if_empty(path: Path) -> None:
    folder = path.parent
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        folder.rmdir()


def _manifest(state: StateDir) -> dict[str, Any]:
    found = files.read_json(state.path / MANIFEST)
    if not isinstance(found, dict):
        return {"files": {}, "hooks": False}
    names = (adoption.POLICY, adoption.MAKE, adoption.BACKLOG, adoption.META_BACKLOG)
    listed = found.get("files")
    if not isinstance(listed, dict):
        listed = {}
    return {"files": {name: listed[name] for name in names if name in listed}, "hooks": found.get("hooks") is True}


def _digest(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
