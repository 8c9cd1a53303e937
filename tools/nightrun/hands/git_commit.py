"""Commits made of plumbing: durable, moved into place only from the state they were made for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from nightrun.hands import files, git
from nightrun.hands.git import GitFailed

_SIGN_TIMEOUT_S = 120.0  # a person may have to touch a key
# git invents `user@host` where it can; and a message that is UTF-8 is not to be labelled as something else.
_SETTINGS = {"user.useConfigOnly": "true", "i18n.commitEncoding": "UTF-8"}
_NIGHTRUN = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "nightrun"), ("EMAIL", "nightrun@localhost"))
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the parts of one work tree lie, from one git process."""

    top: Path
    git_dir: Path  # HEAD and index of this work tree
    common: Path  # refs and objects of all
    hooks: Path
    tree: str | None  # of the commit that was asked about

    def has_hook(self, name: str) -> bool:
        """Whether git would run a hook of this name."""
        path = self.hooks / name
        return path.is_file() and os.access(path, os.X_OK)


def place(where: Path, commit: str | None) -> Place:
    wanted = ("--show-toplevel", "--absolute-git-dir", "--git-common-dir", "--git-path", "hooks")
    asked = (f"{commit}^{{tree}}",) if commit else ()
    done = git.run(where, "rev-parse", "--path-format=absolute", *wanted, *asked, hooks=True)
    lines = [os.fsdecode(line) for line in done.out.removesuffix(b"\n").split(b"\n")]
    tree = lines.pop() if commit else None
    if len(lines) == 4:
        top, git_dir, common, hooks = map(Path, lines)
        return Place(top=top, git_dir=git_dir, common=common, hooks=hooks, tree=tree)
    # A folder has a line end in its name.
    top = git.toplevel(where) or where
    own, common, hooks = git.git_dir(where), git.common_dir(where), git.hooks_dir(where)
    return Place(top=top, git_dir=own, common=common, hooks=hooks, tree=tree)


def commit_tree(where: Path, tree: str, parent: str | None, message: bytes, *, author: str | None, sign: bool) -> str:
    """Make a commit that no ref names yet. `author` is `Name <mail>`; `sign` means as git is set up here."""
    flags = [*(["-p", parent] if parent else []), *(["-S"] if sign and signs(where) else [])]
    environment = _with_settings() | author_environment(author)
    try:
        done = git.run(where, "commit-tree", *flags, tree, stdin=message, env=environment, timeout_s=_SIGN_TIMEOUT_S)
    except GitFailed as error:
        git.identity(where)
        if "-S" in flags:
            raise GitFailed(error.argv, error.code, f"the commit could not be signed: {error.said}") from error
        raise
    made = done.text.strip()
    git.remember_tree(made, tree)
    return made


def kept(where: Path, tree: str, parent: str, subject: str) -> str:
    """A commit that only keeps work reachable: nightrun's own, so that it can be made where git knows nobody."""
    message = f"{subject}\n".encode()
    done = git.run(where, "commit-tree", "-p", parent, tree, stdin=message, env=_with_settings() | _NIGHTRUN)
    return done.text.strip()


def move_ref(where: Path, ref: str, new: str, old: str | None, reason: str, *, common: Path | None = None) -> bool:
    """Move a ref from `old` (None: it does not exist) to `new`, durably; False when it was not `old`."""
    try:
        git.run(where, "update-ref", "-m", reason, ref, new, old or "")
    except GitFailed:
        if git.tip(where, ref) == old:
            raise
        return False
    _sync(common or git.common_dir(where), ref)
    return True


def signs(where: Path) -> bool:
    """Whether the person signs their commits; `commit-tree` does not look at the setting."""
    # With the settings of a call that uses the network: the others say that nothing is signed.
    asked = ("config", "--type=bool", "commit.gpgSign")
    return git.run(where, *asked, ok=(0, 1), network=True).text.strip() == "true"


def author_environment(author: str | None) -> dict[str, str]:
    if not author:
        return {}
    name, _, mail = author.rpartition("<")
    return {"GIT_AUTHOR_NAME": name.strip(), "GIT_AUTHOR_EMAIL": mail.rstrip("> ")}


def _with_settings() -> dict[str, str]:
    """As `-c` would give them, which has to stand before the name of the command."""
    given = {"GIT_CONFIG_COUNT": str(len(_SETTINGS))}
    for number, (name, value) in enumerate(_SETTINGS.items()):
        given |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return given


def _sync(common: Path, ref: str) -> None:
    """git renames a ref into place and leaves its folder unsynced (reliability.md D5)."""
    for folder in (common / ref).parents:
        if folder.is_dir():
            files.sync_folder(folder)
        if folder in (common / "refs", common):
            break
