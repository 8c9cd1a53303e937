"""Runs a person's hooks around a commit that is made of plumbing, as `git commit` would (githooks.md section 6)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from nightrun.decisions import message as messages
from nightrun.hands import git
from nightrun.hands.git_commit import Place
from nightrun.hands.process import Finished
from nightrun.words.errors import NightrunError

PRE_COMMIT = "pre-commit"
PREPARE = "prepare-commit-msg"
COMMIT_MSG = "commit-msg"
POST_COMMIT = "post-commit"

# Not COMMIT_EDITMSG: a person may be writing theirs in it just now.
_MESSAGE_FILE = "NIGHTRUN_COMMIT_MSG"
_SAID_CHARS = 2000


class HookRefused(NightrunError):
    """A hook of the repository said no."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(f"Nothing was committed: the hook {name} refused.", said or "It printed nothing.")
        self.said = said


@dataclass(frozen=True, kw_only=True)
class Hooks:
    """The hooks of one work tree. `environment` holds the index and author that they are to see."""

    place: Place
    environment: Mapping[str, str]

    def pre_commit(self) -> None:
        """HookRefused when it says no; it may have changed files and the index."""
        self._run(PRE_COMMIT, [])

    def final_message(self, wanted: bytes) -> bytes:
        """The message after the hooks that may change it; refused when the task cannot be found by it any more."""
        if not any(map(self.place.has_hook, (PREPARE, COMMIT_MSG))):
            return wanted
        path = self.place.git_dir / _MESSAGE_FILE
        try:
            path.write_bytes(wanted)
            self._run(PREPARE, [str(path), "message"])
            self._run(COMMIT_MSG, [str(path)])
            found = path.read_bytes()
        finally:
            path.unlink(missing_ok=True)
        if found != wanted and not messages.is_of(found, wanted):
            who = f"{PREPARE} or {COMMIT_MSG}"
            raise HookRefused(who, "It changed the subject or the Pipeline-Task line, by which the task is found.")
        return found

    def post_commit(self) -> None:
        """What it answers changes nothing any more."""
        self._tried(POST_COMMIT, [])

    def _run(self, name: str, args: list[str]) -> None:
        done = self._tried(name, args)
        if done is not None and done.code != 0:
            said = os.fsdecode(done.err + done.out).strip()
            late = f"It was stopped after {done.seconds:.0f} s.\n" if done.timed_out else ""
            raise HookRefused(name, late + said[-_SAID_CHARS:])

    def _tried(self, name: str, args: list[str]) -> Finished | None:
        if not self.place.has_hook(name):
            return None
        return git.run_hook(self.place.top, name, args, {"GIT_PREFIX": "", **self.environment})
