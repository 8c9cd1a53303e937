"""Whether git's settings and hooks are those that a run began with, as every command can ask (reliability.md 4.3).

What runners and commands know of it stands in one file of the state folder: `trusted` and `refused` are marks of
`git_settings`, `run` is the process of the run that wrote it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nightrun.hands import clock, files, git_settings, state_file
from nightrun.hands.state_dir import StateDir
from nightrun.words.errors import NightrunError

NAME = "git-settings.json"
LOOK = "Look at `git config --local --list`, .git/info/attributes and the hooks; when they are yours, `make resume`."


class Distrusted(NightrunError):
    """git would run programs that may be an agent's: no git may touch the work."""


def note(state: StateDir) -> dict[str, Any]:
    return state_file.read_object(state.path / NAME)


def write(state: StateDir, **said: object) -> None:
    files.write_json(state.path / NAME, said)


def check(root: Path) -> None:
    """Distrusted when they were refused before, or changed while a run is at work here."""
    state = StateDir(root)
    said = note(state)
    if not said:
        return
    mark = git_settings.mark(root)
    if said.get("refused") == mark or (said.get("trusted") not in (None, mark) and _is_at_work(state, said)):
        raise Distrusted("git's settings or hooks were changed during a run, and could run programs of an agent.", LOOK)


def _is_at_work(state: StateDir, said: dict[str, Any]) -> bool:
    run = state_file.read_object(state.run_json)
    pid, start = run.get("pid"), run.get("start_time")
    if not isinstance(pid, int) or not isinstance(start, float):
        return False
    return pid == said.get("run") and clock.is_same_process(pid, start)


def accept(root: Path) -> bool:
    """A person says that they are known, as they are now; whether they were refused before."""
    state = StateDir(root)
    said = note(state)
    if "refused" not in said:
        return False
    write(state, run=said.get("run"), trusted=git_settings.mark(root))
    return True


@dataclass(frozen=True)
class Watch:
    """From before a program that is not ours runs, such as a gate, until git may touch what it left."""

    root: Path
    mark: str

    def check(self, what: str) -> None:
        """Distrusted when they are not as before; it is written down, so that nobody else uses them either."""
        found = git_settings.mark(self.root)
        if found == self.mark:
            return
        state = StateDir(self.root).create()
        # `unpaused`: a runner closes intake for it when it sees this.
        write(state, **{"trusted": self.mark, **note(state), "refused": found, "unpaused": True})
        raise Distrusted(f"{what} changed git's settings or hooks, and could make git run programs. Nothing did.", LOOK)


def watch(root: Path) -> Watch:
    """Distrusted when they are not to be used to begin with."""
    check(root)
    return Watch(root, git_settings.mark(root))
