"""The only door to git: how it is called, and the questions asked of a repository (githooks.md section 8)."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nightrun.hands import clock, files, process
from nightrun.words.errors import NightrunError, WrongUse

ZERO_ID = "0" * 40

# What of a person's GIT_* variables their git needs to work at all. The rest is left behind, above all what a git
# that called us left for its children: with it a commit lands in another repository (githooks.md section 6a).
_KEPT = (
    *("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"),
    *("GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_ALLOW_PROTOCOL", "GIT_PROTOCOL_FROM_USER"),
    *("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_PROXY_COMMAND"),
    *("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY", "GIT_SSL_NO_VERIFY"),
)
_NEVER = ("PIPELINE_AUTO_PUSH", "EDITOR", "VISUAL", "PAGER", "DISPLAY")  # DISPLAY lets ssh open a window to ask
_SET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",  # the program: git would go on to SSH_ASKPASS when it is empty
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_EDITOR": ":",
    "GIT_PAGER": "cat",
}
# Whoever may write refs could show other objects in the place of those that are committed, to a scan as well.
_EXACT = {"LC_ALL": "C", "GIT_LITERAL_PATHSPECS": "1", "GIT_NO_REPLACE_OBJECTS": "1"}

# A repository that an agent may write tells git which programs to run (reliability.md 4.3).
_OVERRIDES = {
    "core.fsmonitor": "false",
    "core.pager": "cat",
    "core.sshCommand": "false",
    "credential.helper": "",
    "commit.gpgSign": "false",
    "log.showSignature": "false",
    "merge.verifySignatures": "false",
    "merge.autoStash": "false",
    "submodule.recurse": "false",
    "trailer.separators": ":",
    "advice.addEmbeddedRepo": "false",
}
_QUIET = {"gc.auto": "0", "maintenance.auto": "false"}  # they fork into the background
_NO_HOOKS = {"core.hooksPath": os.devnull}
# 10 of 10 repositories were corrupt after a power cut with git's own setting (reliability.md 0.1).
_DURABLE = {"core.fsync": "all", "core.fsyncMethod": "fsync"}

_MAKES_OBJECTS = {
    "add",
    "merge",
    "commit-tree",
    "hash-object",
    "merge-tree",
    "mktree",
    "unpack-objects",
    "update-index",
    "update-ref",
    "write-tree",
}
_WRITES = _MAKES_OBJECTS | {"branch", "checkout", "checkout-index", "config", "push", "read-tree", "reset", "worktree"}
# What they make or find is what they print. To a pipe nothing may have come although git ends with 0 (git.c ignores
# write errors there), and no answer is neither another tree nor a missing branch.
_ANSWER = {"commit-tree", "merge-tree", "rev-parse", "write-tree"}
# A second try of these finds what the first one made.
_ONCE = {"push", "worktree"}
_LOCK_WAITS_S = (0.1, 0.2, 0.4, 0.6, 0.7)
_LOCKED = re.compile(
    rb"Unable to create '(.+?\.lock)': File exists|could not lock config file (.+?): File exists", re.S
)
_MOST_BYTES = 1 << 30
_HOOK_TIMEOUT_S = 600.0
_PUSH_TIMEOUT_S = 600.0
_MOST_TREES = 500
# git 2.39 lists them so between two of its sentences.
_UNPUSHED = re.compile(r"^  (\S.*)$", re.MULTILINE)
_PASSWORD = re.compile(r"(://)[^/@\s]+@")


_IO_ERROR = re.compile(rb": Input/output error\r?$", re.MULTILINE)  # strerror(3) of EIO, at the end of git's words

_trees: dict[str, str] = {}  # of commits
_faults: list[str] = []  # what gits said of I/O errors; the last one counts


class GitFailed(NightrunError):
    """git did not do what it was asked."""

    is_lock = False  # a lock file was in the way

    def __init__(self, argv: tuple[str, ...], code: int, said: str, hint: str | None = None) -> None:
        super().__init__(f"git {_command(argv)} failed: {_gist(said) or f'exit code {code}'}", hint)
        self.argv = argv
        self.code = code
        self.said = said


class NoIdentity(NightrunError):
    """git does not know who commits here."""


@dataclass(frozen=True, kw_only=True)
class State:
    """What a work tree is in the middle of."""

    branch: str | None
    head: str | None
    detached: bool
    unborn: bool
    operation: str | None  # merge, rebase, am, cherry-pick, revert or bisect
    unmerged: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pushed:
    state: str  # done, refused (by a hook or the remote) or failed (nobody knows whether it would be accepted)
    detail: str = ""


# -- calling git


def run(
    where: Path,
    *args: str | bytes,
    stdin: bytes | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
    ok: Collection[int] = (0,),
    hooks: bool = False,
    network: bool = False,
) -> process.Finished:
    """Run git in a folder. `env` comes on top of what every call gets; exit codes that are not in `ok` are GitFailed.

    Paths are taken literally. A lock that another git holds is waited for, two seconds at most.
    """
    command = _command(args)
    environment = _environment(command) | dict(env or {})
    argv = ("git", *_settings(command, hooks=hooks, network=network), *args)
    waits = iter(() if command in _ONCE else _LOCK_WAITS_S)
    while True:
        done = process.run(argv, cwd=where, env=environment, stdin=stdin, timeout_s=timeout_s, keep_bytes=_MOST_BYTES)
        if done.code in ok or not _LOCKED.search(done.err) or (wait := next(waits, None)) is None:
            break
        clock.sleep(wait)
    shown = tuple(os.fsdecode(one) for one in args)
    if done.code != 0 and _IO_ERROR.search(done.err):
        _faults[:] = [_gist(os.fsdecode(done.err))]
    if done.timed_out:
        raise GitFailed(
            shown, done.code, f"it took longer than {timeout_s:g} s", "Run it by hand to see what it waits for."
        )
    if done.cut:
        raise GitFailed(shown, done.code, "it printed more than a gigabyte")
    if done.code not in ok:
        raise _failure(where, shown, done)
    if done.code == 0 and not done.out and command in _ANSWER:
        raise GitFailed(shown, done.code, "it ended well and printed nothing")
    return replace(done, argv=shown)


def text(where: Path, *args: str | bytes, ok: Collection[int] = (0,)) -> str:
    """What git prints, without its last line end; names that are no UTF-8 keep their bytes (surrogateescape)."""
    return os.fsdecode(run(where, *args, ok=ok).out.removesuffix(b"\n"))


def io_error() -> str:
    """What a git of this process said of an input/output error, until that is forgotten; empty when none did."""
    return _faults[0] if _faults else ""


def forget_io_error() -> None:
    _faults.clear()


def version() -> tuple[int, ...]:
    """Of the git program, such as (2, 39, 5)."""
    found = re.search(r"\d+(\.\d+)+", text(Path("/"), "--version"))
    return tuple(map(int, found.group().split("."))) if found else ()


def _command(args: Sequence[str | bytes]) -> str:
    """`merge` of `-c name=value merge ...`."""
    rest = [os.fsdecode(one) for one in args]
    while rest[:1] == ["-c"]:
        rest = rest[2:]
    return rest[0] if rest else ""


def _environment(command: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _KEPT or not name.startswith("GIT_")}
    for name in _NEVER:
        kept.pop(name, None)
    optional = {} if command in _WRITES else {"GIT_OPTIONAL_LOCKS": "0"}
    return kept | _SET | _EXACT | optional


def _settings(command: str, *, hooks: bool, network: bool) -> list[str]:
    wanted = dict(_QUIET) if network else _QUIET | _OVERRIDES
    if not hooks:
        wanted |= _NO_HOOKS
    if command in _MAKES_OBJECTS:
        wanted |= _DURABLE
    return [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]


def _failure(where: Path, argv: tuple[str, ...], done: process.Finished) -> GitFailed:
    said = _PASSWORD.sub(r"\1***@", os.fsdecode(done.err or done.out).strip())
    if locked := _LOCKED.search(done.err):
        lock = Path(where, os.fsdecode(locked.group(1) or locked.group(2) + b".lock"))
        failure = GitFailed(argv, done.code, *_about_lock(lock))
        failure.is_lock = True
        return failure
    trust = "If you trust that folder: " + said.splitlines()[-1].strip() if "dubious ownership" in said else None
    return GitFailed(argv, done.code, said, trust)


def _about_lock(lock: Path) -> tuple[str, str]:
    try:
        age = f"for {clock.now() - lock.stat().st_mtime:.0f} s"
    except OSError:
        age = "until just now"
    hint = f"Another git may be at work. If none is, one was killed and left it: rm '{lock}'"
    return f"{lock} has been in the way {age}", hint


def _gist(said: str) -> str:
    """The line that says why, of what git prints."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal: ", "error: "))]
    return (telling or lines or [""])[0].removeprefix("fatal: ").removeprefix("error: ")


# -- where a repository is


def toplevel(path: Path) -> Path | None:
    """The top of the work tree that a folder lies in; None when it lies in none."""
    found = _places(path, "--show-toplevel")
    return found[0] if found else None


def root(path: Path) -> Path | None:
    """The top of the main work tree of the repository that a folder lies in; None: in none, or in a bare one.

    A submodule is a repository of its own.
    """
    found = _places(path, "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    if found is None:
        return None
    top, own, common = found
    return top if own == common else _main_of(common)


def common_dir(where: Path) -> Path:
    """What all work trees of a repository share, usually `.git` of the main one."""
    own = _own_dir(where)
    if own is None:
        return _place(where, "--git-common-dir")
    try:
        return Path(os.path.realpath(own / (own / "commondir").read_text().rstrip("\n")))
    except FileNotFoundError:
        return own


def git_dir(where: Path) -> Path:
    """Where this work tree alone keeps its HEAD and index."""
    return _own_dir(where) or _place(where, "--absolute-git-dir")


def _own_dir(top: Path) -> Path | None:
    """The same without a process, for the top of a work tree (gitrepository-layout(5)); None: git has to say it."""
    found = top / ".git"
    try:
        if found.is_file():
            found = top / os.fsdecode(found.read_bytes()).removeprefix("gitdir: ").rstrip("\n")
        return Path(os.path.realpath(found)) if (found / "HEAD").exists() else None
    except OSError:
        return None


def git_path(where: Path, name: str) -> Path:
    return _place(where, "--git-path", name)


def hooks_dir(where: Path) -> Path:
    """Where git looks for hooks of this work tree, `core.hooksPath` minded."""
    return _place(where, "--git-path", "hooks")


def _place(where: Path, *args: str) -> Path:
    done = run(where, "rev-parse", "--path-format=absolute", *args, hooks=True)
    return Path(os.fsdecode(done.out.removesuffix(b"\n")))


def _places(where: Path, *names: str) -> list[Path] | None:
    """None when the folder is in no work tree."""
    done = run(where, "rev-parse", "--path-format=absolute", *names, ok=(0, 128))
    if done.code != 0:
        if b"not a git repository" in done.err or b"must be run in a work tree" in done.err:
            return None
        raise _failure(where, done.argv, done)
    found = [Path(os.fsdecode(line)) for line in done.out.removesuffix(b"\n").split(b"\n")]
    # A folder may have a line end in its name, and rev-parse has no -z.
    return found if len(found) == len(names) else [_place(where, name) for name in names]


def _main_of(common: Path) -> Path | None:
    """The main work tree that belongs to a common folder; `git worktree list` guesses it by the folder's name."""
    asked = r"^core\.(bare|worktree)$"
    done = run(common, "config", "-z", "--get-regexp", asked, env={"GIT_DIR": str(common)}, ok=(0, 1))
    known = dict(one.split("\n", 1) for one in os.fsdecode(done.out).split("\0") if "\n" in one)
    if "core.worktree" in known:
        return Path(os.path.normpath(common / known["core.worktree"]))
    if known.get("core.bare") == "true" or common.name != ".git":
        return None
    return common.parent


# -- what is there


def state(where: Path) -> State:
    """Where HEAD is, and what a person or an agent left unfinished."""
    flags = ("--porcelain=v2", "--branch", "-z", "--untracked-files=no", "--ignore-submodules=all", "--no-renames")
    fields = os.fsdecode(run(where, "status", *flags, "--no-ahead-behind").out).split("\0")
    said = dict(one[2:].split(" ", 1) for one in fields if one.startswith("# branch."))
    name, head = said.get("branch.head", "(detached)"), said.get("branch.oid", "(initial)")
    return State(
        branch=None if name == "(detached)" else name,
        head=None if head == "(initial)" else head,
        detached=name == "(detached)",
        unborn=head == "(initial)",
        operation=operation(git_dir(where)),
        unmerged=tuple(one.split(" ", 10)[10] for one in fields if one.startswith("u ")),
    )


def operation(folder: Path) -> str | None:
    """What is unfinished in the work tree that has this git folder."""
    if (folder / "rebase-apply").is_dir():
        return "am" if (folder / "rebase-apply/applying").exists() else "rebase"
    for name, what in (
        ("rebase-merge", "rebase"),
        ("MERGE_HEAD", "merge"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("sequencer", "cherry-pick"),
        ("BISECT_LOG", "bisect"),
    ):
        if (folder / name).exists():
            return what
    return None


def identity(where: Path) -> str:
    """`Name <mail>` of who commits here."""
    try:
        said = text(where, "-c", "user.useConfigOnly=true", "var", "GIT_COMMITTER_IDENT")
    except GitFailed as error:
        raise NoIdentity(
            "git does not know who commits here.",
            "git config --global user.name 'Your Name'; git config --global user.email you@example.org",
        ) from error
    return said.rsplit(" ", 2)[0]


def current_branch(where: Path) -> str | None:
    """None when HEAD is detached."""
    own = _own_dir(where)
    if own is not None:
        head = os.fsdecode((own / "HEAD").read_bytes()).rstrip("\n")
        # With reftable the file is there for older gits only, and names a branch that cannot be.
        if head.startswith("ref: refs/heads/") and not head.endswith("/.invalid"):
            return head.removeprefix("ref: refs/heads/")
    name = text(where, "symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
    return name.removeprefix("refs/heads/") or None


def tip(where: Path, ref: str) -> str | None:
    """The commit that a ref names; None when there is none."""
    return text(where, "rev-parse", "--quiet", "--verify", f"{_name(ref)}^{{commit}}", ok=(0, 1)) or None


def tip_and_tree(where: Path, ref: str) -> tuple[str, str] | None:
    """The commit that a ref names and its tree; None when there is none. Of a commit met before without a process."""
    name, written = _name(ref), _written(where, ref)
    if written in _trees:
        return written, _trees[written]
    done = run(where, "rev-parse", f"{name}^{{commit}}", f"{name}^{{tree}}", ok=(0, 128))
    if done.code != 0:
        return None
    commit, tree = done.text.split()
    remember_tree(commit, tree)
    return commit, tree


def remember_tree(commit: str, tree: str) -> None:
    """No commit ever gets another tree."""
    if len(_trees) >= _MOST_TREES:
        _trees.clear()
    _trees[commit] = tree


def _written(where: Path, ref: str) -> str:
    """What the file of a branch holds, which counts before a packed one; empty when there is none."""
    try:
        return (common_dir(where) / ref).read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        return ""


def tree_of(where: Path, commit: str) -> str:
    if commit in _trees:
        return _trees[commit]
    return text(where, "rev-parse", "--verify", f"{_name(commit)}^{{tree}}")


def is_ancestor(where: Path, old: str, new: str) -> bool:
    return run(where, "merge-base", "--is-ancestor", _name(old), _name(new), ok=(0, 1)).code == 0


def messages(where: Path, range: str) -> list[tuple[str, bytes]]:
    """Commit and message of each commit in a range, newest first; WrongUse when git does not know such a range.

    In UTF-8 where the commit says what it is written in, else byte for byte.
    """
    flags = ("-z", "--encoding=UTF-8", "--no-show-signature", "--format=%H%n%B")
    done = run(where, "log", *flags, "--end-of-options", range, "--", ok=(0, 128))
    if done.code != 0:
        if b"bad revision" in done.err or b"ambiguous argument" in done.err or b"Invalid revision range" in done.err:
            raise WrongUse(f"git knows no commits {range!r} here.", "Name a range such as origin/main..HEAD.")
        raise _failure(where, done.argv, done)
    pairs = (one.split(b"\n", 1) for one in done.out.split(b"\0") if one)
    return [(sha.decode(), message) for sha, message in pairs]


def task_commits(where: Path, task_id: str, ref: str, *, not_in: str | None = None) -> list[str]:
    """Commits reachable from a ref that carry this task's trailer, exactly once; newest first."""
    wanted = f"Pipeline-Task: {task_id}"
    trailers = "%(trailers:key=Pipeline-Task,valueonly,unfold,separator=%x1f)"
    flags = ("-z", "--no-show-signature", f"--format=%H%n{trailers}", "--fixed-strings", f"--grep={wanted}")
    left_out = [f"^{_name(not_in)}"] if not_in else []
    found = os.fsdecode(run(where, "log", *flags, "--end-of-options", ref, *left_out, "--").out)
    pairs = (one.split("\n", 1) for one in found.split("\0") if one)
    return [sha for sha, values in pairs if values.strip() == task_id]


def worktrees(where: Path) -> list[tuple[Path, str | None, str | None]]:
    """Path, commit and branch of each work tree, the main one first."""
    found = []
    for block in os.fsdecode(run(where, "worktree", "list", "--porcelain", "-z").out).split("\0\0"):
        said = dict(line.partition(" ")[::2] for line in block.split("\0") if line)
        if "worktree" not in said or "bare" in said:
            continue
        head, branch = said.get("HEAD"), said.get("branch", "").removeprefix("refs/heads/")
        found.append((Path(said["worktree"]), None if head in (None, ZERO_ID) else head, branch or None))
    if found and not (found[0][0] / ".git").exists():
        # git names the git folder when that lies elsewhere, as in a submodule.
        found[0] = (root(where) or found[0][0], *found[0][1:])
    return found


def config_mark(where: Path) -> str:
    """A text that changes with the settings that git obeys here, sections about branches left out.

    They name programs that git runs, and an agent may write them (reliability.md 4.3, rule G).
    """
    listed = run(where, "config", "--list", "--show-origin", "-z", hooks=True, network=True).out
    items = listed.split(b"\0")
    pairs = zip(items[::2], items[1::2], strict=False)
    # A person may push with --set-upstream while the night goes on.
    marked = [b"\0".join(pair) for pair in pairs if not pair[1].startswith(b"branch.")]
    attributes = common_dir(where) / "info/attributes"
    marked.append(attributes.read_bytes() if attributes.is_file() else b"")
    import hashlib  # slow, and small commands do without

    return hashlib.sha256(b"\0".join(marked)).hexdigest()


def _name(ref: str) -> str:
    if ref.startswith("-"):
        raise WrongUse(f"{ref!r} is no name of a commit.")
    return ref


# -- hooks, refs and pushes


def has_hook(where: Path, name: str) -> bool:
    """Whether git would run a hook file of this name."""
    path = hooks_dir(where) / name
    return path.is_file() and os.access(path, os.X_OK)


def run_hook(
    where: Path, name: str, args: list[str], env: Mapping[str, str], *, stdin: bytes | None = None
) -> process.Finished | None:
    """Run what git runs at this moment, as git runs it; None when it finds no such hook. Any exit code is an answer."""
    if stdin is not None and not has_hook(where, name):
        return None
    environment = _environment("commit") | dict(env)
    for gone in _EXACT:
        environment.pop(gone)
        if gone in os.environ and not gone.startswith("GIT_"):
            environment[gone] = os.environ[gone]
    if stdin is None:
        environment["LANGUAGE"] = "en"  # only the words below are looked for; the person's hook keeps their locale
        argv = ["git", "hook", "run", name, "--", *args]
    else:
        # `git hook run` can hand over no standard input before git 2.43.
        argv = ["sh", "-c", 'exec "$0" "$@"', str(hooks_dir(where) / name), *args]
    done = process.run(argv, cwd=where, env=environment, stdin=stdin, timeout_s=_HOOK_TIMEOUT_S)
    return None if done.code != 0 and b"cannot find a hook named" in done.err else done


def remotes(where: Path) -> list[str]:
    """Their names."""
    return text(where, "remote").splitlines()


def keep(where: Path, ref: str, sha: str) -> None:
    """Make or move a ref, durably."""
    run(where, "update-ref", "-m", "nightrun: keep", _name(ref), sha)
    sync_ref(where, ref)


def drop(where: Path, ref: str, sha: str) -> bool:
    """Remove a ref that is at `sha`; False when it is somewhere else."""
    return run(where, "update-ref", "-d", _name(ref), sha, ok=(0, 1, 128)).code == 0


def sync_ref(where: Path, ref: str) -> None:
    """A ref that was just written survives a power cut: git renames it into place and leaves the folder unsynced.

    3 of 5,214 commits were lost that way with `core.fsync=all` alone (reliability.md 0.1).
    """
    top = common_dir(where)
    for folder in (top / ref).parents:
        if folder.is_dir():
            files.sync_folder(folder)
        if folder in (top / "refs", top):
            break


def push(where: Path, remote: str, sha: str, branch: str) -> Pushed:
    """Push one commit to one branch, never forced, past the push guard and through all other hooks."""
    flags = ("--porcelain", "--no-follow-tags", "--recurse-submodules=check")
    try:
        done = run(
            where,
            *("push", *flags, "--", remote, f"{sha}:refs/heads/{branch}"),
            env={"PIPELINE_AUTO_PUSH": "1"},
            timeout_s=_PUSH_TIMEOUT_S,
            ok=range(256),
            hooks=True,
            network=True,
        )
    except GitFailed as error:
        return Pushed(state="failed", detail=_gist(error.said))
    return Pushed(state="done") if done.code == 0 else _not_pushed(done)


def _not_pushed(done: process.Finished) -> Pushed:
    said = _PASSWORD.sub(r"\1***@", os.fsdecode(done.err).strip())
    refs = [line.split("\t") for line in os.fsdecode(done.out).splitlines() if line.count("\t") == 2]
    if rejected := [line[2] for line in refs if line[0] == "!"]:
        state = "failed" if "[remote failure]" in rejected[0] else "refused"
        return Pushed(state=state, detail=_with_reason(rejected[0], said))
    # A hook of this side ends the push with 1, before there is a line about the ref (githooks.md section 8).
    if "submodule paths contain changes" in said:
        inside = ", ".join(_UNPUSHED.findall(said))
        return Pushed(state="refused", detail=f"no remote has the commits of the submodules {inside}")
    refused = done.code == 1
    told = "\n".join(line for line in said.splitlines() if not line.startswith("error: failed to push some refs"))
    return Pushed(state="refused" if refused else "failed", detail=_gist(told) or f"git push: exit code {done.code}")


def _with_reason(rejected: str, said: str) -> str:
    """The remote's own words belong to a `[remote rejected]`."""
    remote = [line.removeprefix("remote:").strip() for line in said.splitlines() if line.startswith("remote:")]
    return "; ".join([rejected, *(line for line in remote if line)])[:2000]


def http_backend(request: Mapping[str, str], body: bytes) -> bytes:
    """The answer of git-http-backend(1) to one request, given as CGI variables."""
    kept = {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        return process.run(["git", "http-backend"], env={**kept, **request}, stdin=body, timeout_s=_HOOK_TIMEOUT_S).out
    except NightrunError:
        return b"Status: 500\r\n\r\n"
