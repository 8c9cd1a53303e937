"""The state folder `.pipeline/`: where each thing lies, and how it stays out of git (DESIGN section 9)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

NAME = ".pipeline"
EXCLUDE_LINE = f"/{NAME}/"


@dataclass(frozen=True)
class StateDir:
    """The paths below `<root>/.pipeline/`; `root` is the top of the repository's main work tree."""

    root: Path

    @property
    def path(self) -> Path:
        return self.root / NAME

    @property
    def db(self) -> Path:
        return self.path / "pipeline.db"

    @property
    def worktrees(self) -> Path:
        return self.path / "worktrees"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def task_logs(self) -> Path:
        return self.logs / "tasks"

    @property
    def reports(self) -> Path:
        return self.path / "reports"

    @property
    def backups(self) -> Path:
        return self.path / "backups"

    @property
    def outbox(self) -> Path:
        return self.path / "outbox"

    @property
    def locks(self) -> Path:
        return self.path / "locks"

    @property
    def heartbeats(self) -> Path:
        return self.path / "heartbeats"

    @property
    def token(self) -> Path:
        return self.path / "token"

    @property
    def api_json(self) -> Path:
        return self.path / "api.json"

    @property
    def run_json(self) -> Path:
        return self.path / "run.json"

    @property
    def restart_requested(self) -> Path:
        return self.path / "restart_requested.json"

    @property
    def fatal_issues(self) -> Path:
        return self.path / "fatal_issues.json"

    @property
    def monitor_issues(self) -> Path:
        return self.path / "monitor_issues.json"

    @property
    def stop_requested(self) -> Path:
        return self.path / "stop_requested"

    @property
    def root_attempt(self) -> Path:
        """Which attempt works in the project root itself, with `isolation: root`."""
        return self.path / "root-attempt.json"

    def log(self, part: str) -> Path:
        """The log of a part: `api`, `runner-1`, `monitor`, `supervisor`."""
        return self.logs / f"{part}.log"

    def task_log(self, task_id: str, attempt: int) -> Path:
        return self.task_logs / f"{task_id}.{attempt}.log"

    def heartbeat(self, part: str) -> Path:
        return self.heartbeats / f"{part}.json"

    def lock(self, part: str) -> Path:
        return self.locks / f"{part}.lock"

    def create(self) -> StateDir:
        """Make the folder and its parts, for this user alone; safe to repeat."""
        folders = (self.worktrees, self.logs, self.task_logs, self.reports, self.outbox, self.locks, self.heartbeats)
        self.path.mkdir(mode=0o700, exist_ok=True)
        self.path.chmod(0o700)
        for folder in folders:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self


def exclude(info_exclude: Path, line: str = EXCLUDE_LINE) -> bool:
    """Add `line` to git's `info/exclude` once; False when it was there already."""
    old = info_exclude.read_bytes() if info_exclude.exists() else b""
    wanted = os.fsencode(line)
    if wanted in old.splitlines():
        return False
    info_exclude.parent.mkdir(parents=True, exist_ok=True)
    gap = b"" if not old or old.endswith(b"\n") else b"\n"
    with info_exclude.open("ab") as file:
        file.write(gap + wanted + b"\n")
    return True


def gate_log(first: Path, number: int) -> Path:
    """Where the command of this number of a gate prints to; the first is 1."""
    return first if number == 1 else first.with_name(f"{first.stem}.{number}{first.suffix}")
