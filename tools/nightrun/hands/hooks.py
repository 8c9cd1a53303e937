"""The only door to installed hook files: what git runs on messages and before pushes (githooks.md section 5)."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nightrun.decisions import hook_text
from nightrun.decisions.hook_text import COMMIT_MSG, HOOK_NAMES, HookValues
from nightrun.hands import files, git, policy_file, process
from nightrun.words.errors import NightrunError

if TYPE_CHECKING:
    from nightrun.policy.model import Policy

_EXECUTABLE = 0o111
_REPAIR = "run `nightrun setup`"


class HookConflict(NightrunError):
    """The hooks cannot be installed without harm to something else."""


@dataclass(frozen=True, kw_only=True)
class HookProblem:
    """One reason why git would not run the hook it should run."""

    worktree: Path
    hook: str
    kind: str  # missing, not_executable, stale, changed, foreign or hooks_path
    text: str  # one line, says what to do


def values_of(policy: Policy) -> HookValues:
    """What of the policy is written into the hooks."""
    return HookValues(
        types=policy.committing_types,
        messages=policy.commit.messages,
        subject_length=policy.commit.subject_length,
        block=policy.push.block,
    )


def places(module: Path) -> list[Path]:
    """Folders where the hooks may lie that came with this file: a source checkout, an environment, `pip --target`."""
    above = module.resolve().parents
    shared = [above[up] / "share/nightrun/hooks" for up in (5, 2) if up < len(above)]  # `data-files` of pyproject.toml
    return [above[3] / "hooks", *shared]


def shipped(name: str) -> bytes:
    """The hook as it comes with nightrun."""
    for folder in places(Path(__file__)):
        path = folder / name
        if path.is_file() and hook_text.is_ours(content := path.read_bytes(), name):
            return content
    raise NightrunError(
        f"the hook {name} did not come with this installation of nightrun", hint="install the package again"
    )


def values_for(root: Path) -> HookValues:
    """The same for a repository; the defaults when it has no policy."""
    if not (root / policy_file.NAME).exists():
        return HookValues()
    return values_of(policy_file.load(root))


def refusal(message: bytes, values: HookValues) -> str | None:
    """Why the commit-msg hook refuses a message that no editor touches any more; None when it accepts it."""
    script = hook_text.fill(shipped(COMMIT_MSG), COMMIT_MSG, values).decode()
    argv = ["sh", "-c", script, COMMIT_MSG, "/dev/stdin"]
    # From the root folder, where no earlier hook lies.
    done = process.run(argv, cwd=Path("/"), env={"PATH": os.defpath, "GIT_EDITOR": ":"}, stdin=message)
    if done.code == 0:
        return None
    said = done.err.decode(errors="replace").split("\n")[0]
    return said.removeprefix("nightrun: commit message refused: ").removesuffix(".")


def install(root: Path, values: HookValues, *, into_hooks_path: bool = False) -> list[str]:
    """Put both hooks where git runs them, once and for all worktrees; says what was done."""
    folder = git.hooks_dir(root)
    said = _about_hooks_path(root, folder, into_hooks_path)
    folder.mkdir(parents=True, exist_ok=True)
    for name in HOOK_NAMES:
        said.append(_install_one(folder / name, hook_text.fill(shipped(name), name, values)))
    return said


def refresh(root: Path, values: HookValues) -> list[str]:
    """Write the policy anew into hooks of ours that hold an older one, and touch nothing else; says what was done."""
    folder = git.hooks_dir(root)
    said = []
    for name in HOOK_NAMES:
        present, wanted = _content(folder / name), hook_text.fill(shipped(name), name, values)
        if present is None or present == wanted or not hook_text.is_ours(present, name):
            continue
        if hook_text.differs_in_policy_only(present, wanted):
            said.append(_install_one(folder / name, wanted))
    return said


def uninstall(root: Path) -> list[str]:
    """Take both hooks away and put the earlier ones back; says what was done."""
    folders = dict.fromkeys([git.hooks_dir(root), git.common_dir(root) / "hooks"])
    return [_uninstall_one(folder / name) for folder in folders if folder.is_dir() for name in HOOK_NAMES]


def check(root: Path, values: HookValues) -> list[HookProblem]:
    """Why git would not run our hooks as they should be, in every worktree; empty when all is well."""
    wanted = {name: hook_text.fill(shipped(name), name, values) for name in HOOK_NAMES}
    own_folder = git.common_dir(root) / "hooks"
    problems: list[HookProblem] = []
    seen: set[Path] = set()
    for worktree in _worktrees(root):
        folder = git.hooks_dir(worktree)
        if folder in seen:
            continue
        seen.add(folder)
        found = [_problem(worktree, folder / name, content) for name, content in wanted.items()]
        problems += [problem for problem in found if problem is not None]
        if folder != own_folder and any(problem is not None and problem.kind != "stale" for problem in found):
            problems.append(_elsewhere(worktree, folder, own_folder))
    return problems


def _worktrees(root: Path) -> list[Path]:
    return [path for path, _, _ in git.worktrees(root) if path.is_dir()]


def _about_hooks_path(root: Path, folder: Path, allowed: bool) -> list[str]:
    """Words about what sends git elsewhere; an error unless the person allowed to follow it, or ours are there.

    That is `core.hooksPath`, or a link in the place of the folder.
    """
    own = git.common_dir(root) / "hooks"
    if folder == own:
        return []
    if _is_linked(own, folder):
        present = {name: _content(folder / name) for name in HOOK_NAMES}
        if allowed or all(found is not None and hook_text.is_ours(found, name) for name, found in present.items()):
            return [f"{own} is a link: installing into {folder}"]
        raise HookConflict(
            f"{own} is a link: git runs the hooks in {folder}",
            hint=f"`rm {shlex.quote(str(own))}` takes the link away, then `nightrun setup` makes the folder anew; or "
            "`nightrun setup --into-hooks-path` installs where it leads.",
        )
    whose = "this repository alone" if folder.is_relative_to(root) else "perhaps all repositories of this account"
    if not allowed:
        raise HookConflict(
            f"core.hooksPath is set: git runs the hooks in {folder} and ignores those in {own}"
            + ("; husky owns that folder" if _is_husky(folder) else ""),
            hint="`git config --show-origin core.hooksPath` says where it is set. Unset it, or install into that "
            f"folder with `nightrun setup --into-hooks-path`; it serves {whose}.",
        )
    said = [f"core.hooksPath is set: installing into {folder}, which serves {whose}"]
    if _is_husky(folder):
        said.append("husky writes that folder anew at every install and linked worktrees lack it: run setup again then")
    return said


def _is_linked(own: Path, folder: Path) -> bool:
    return own.is_symlink() and os.path.realpath(own) == os.path.realpath(folder)


def _is_husky(folder: Path) -> bool:
    return (folder / "husky.sh").is_file() or folder.parent.name == ".husky"


def _install_one(path: Path, content: bytes) -> str:
    name = path.name
    present = _content(path)
    if present == content and _runs(path):
        return f"{name}: already in place"
    kept = ""
    if present is not None and not hook_text.is_ours(present, name):
        kept = _keep_earlier(path)
    files.write(path, content, mode=0o755)
    if kept:
        return f"{name}: installed; {kept}"
    return f"{name}: {'brought up to date' if present is not None else 'installed'} in {path.parent}"


def _earlier(path: Path) -> Path:
    return path.with_name(f"{path.name}.nightrun-chained")


def _keep_earlier(path: Path) -> str:
    """Keep the hook that is there beside ours, which calls it; says so."""
    earlier, legacy = _earlier(path), path.with_name(f"{path.name}.legacy")
    legacy_is_ours = hook_text.is_ours(_content(legacy) or b"", path.name)
    if _content(earlier) not in (None, _content(path)):
        if not legacy_is_ours:
            raise HookConflict(
                f"another program put a new {path.name} hook into {path.parent}, and an earlier one is kept as "
                f"{earlier.name}",
                hint="nightrun calls one earlier hook: let one of the two call the other, remove the spare file, "
                "and run setup again.",
            )
        # pre-commit took our place and calls what it found there, us, as `.legacy`: the oldest hook belongs there.
        earlier.replace(legacy)
    elif legacy_is_ours:
        legacy.unlink()
    ran = _runs(path)
    _copy(path, earlier)
    if not ran:
        return f"the earlier hook is kept as {earlier.name}; git did not run it, since it is not executable"
    order = "runs first" if path.name == COMMIT_MSG else "runs after a push is allowed"
    return f"the earlier hook is kept as {earlier.name} and {order}"


def _uninstall_one(path: Path) -> str:
    earlier = _earlier(path)
    present = _content(path)
    if present is None or not hook_text.is_ours(present, path.name):
        return f"{path.name}: not nightrun's in {path.parent}, left alone"
    if os.path.lexists(earlier):
        earlier.replace(path)
        return f"{path.name}: removed, the earlier hook is back"
    path.unlink()
    return f"{path.name}: removed"


def _problem(worktree: Path, path: Path, wanted: bytes) -> HookProblem | None:
    present = _content(path)
    if present is None:
        kind, words = "missing", f"{path} does not exist"
    elif not hook_text.is_ours(present, path.name):
        kind, words = "foreign", f"{path} is not nightrun's"
    elif not _runs(path):
        kind, words = "not_executable", f"{path} is not executable, so git ignores it"
    elif present == wanted:
        return None
    elif hook_text.differs_in_policy_only(present, wanted):
        kind, words = "stale", f"{path} holds an older policy"
    else:
        kind, words = "changed", f"{path} is another version than this nightrun's, or was edited"
    return HookProblem(worktree=worktree, hook=path.name, kind=kind, text=f"{words}: {_REPAIR}")


def _elsewhere(worktree: Path, folder: Path, own: Path) -> HookProblem:
    text = f"core.hooksPath sends git to {folder} in {worktree}: `git config --show-origin core.hooksPath`"
    if _is_linked(own, folder):
        text = f"{own} is a link that sends git to {folder}: `rm {shlex.quote(str(own))}`, then `make setup`"
    return HookProblem(worktree=worktree, hook="", kind="hooks_path", text=text)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise HookConflict(f"{path} cannot be read: {error.strerror}") from None


def _runs(path: Path) -> bool:
    return path.is_file() and bool(path.stat().st_mode & _EXECUTABLE)


def _copy(source: Path, target: Path) -> None:
    if source.is_symlink():
        spare = target.with_name(f"{target.name}.{os.getpid()}")
        spare.symlink_to(source.readlink())
        spare.replace(target)
    else:
        files.write(target, source.read_bytes(), mode=stat.S_IMODE(source.stat().st_mode))
