"""Repositories of a size, and one edit in them (githooks.md appendix D)."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from nightrun.decisions.hook_text import HookValues
from nightrun.hands import hooks
from tests.story import git_out

GITCONFIG = """\
[user]
    name = Bench Person
    email = bench@example.invalid
[init]
    defaultBranch = main
[gc]
    auto = 0
[maintenance]
    auto = false
"""
_SEED = 42


def make(top: Path, files: int) -> Path:
    """One packed commit of so many files, checked out, with the hooks of nightrun."""
    top.mkdir(parents=True)
    git_out(top, "init", "-q")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=top, input=b"".join(_stream(files)), check=True)
    git_out(top, "reset", "-q", "--hard", "main")
    # An entry as young as the index itself is read again each time (git's "racy" entries): not what is measured.
    time.sleep(1.1)
    git_out(top, "update-index", "-q", "--refresh")
    hooks.install(top, HookValues())
    return top


def _stream(files: int) -> Iterator[bytes]:
    dice = random.Random(_SEED)
    yield b"commit refs/heads/main\ncommitter Bench <bench@example.invalid> 1700000000 +0000\ndata 5\nfirst\n"
    for number in range(files):
        text = f"# file {number}\n" + f"x = {dice.getrandbits(64)}\n" * dice.randint(2, 40)
        yield f"M 644 inline {name(number)}\ndata {len(text)}\n{text}\n".encode()


def name(number: int) -> str:
    return f"d{number // 2500:03d}/s{number // 50 % 50:02d}/f{number:06d}.py"


def edit(top: Path, number: int = 0) -> None:
    """One comment line more in one file."""
    with (top / name(number)).open("a") as file:
        file.write(f"# {time.time_ns()}\n")
