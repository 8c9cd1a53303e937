"""Functions that let a test read as a story about a real repository."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git_out(repo: Path, *args: str) -> str:
    """What git prints, without the last line end; a failure of git fails the test."""
    done = subprocess.run(["git", *args], cwd=repo, capture_output=True, text=True)
    assert done.returncode == 0, f"git {' '.join(args)}: {done.stderr}"
    return done.stdout.rstrip("\n")


def write(repo: Path, name: str, text: str) -> Path:
    path = repo / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def commit_all(repo: Path, message: str) -> str:
    git_out(repo, "add", "-A")
    git_out(repo, "commit", "-q", "--no-verify", "-m", message)
    return git_out(repo, "rev-parse", "HEAD")


def new_repository(path: Path) -> Path:
    path.mkdir(parents=True)
    git_out(path, "init", "-q")
    write(path, "README.md", "# a project\n")
    commit_all(path, "first")
    return path
