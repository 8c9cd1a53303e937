"""The programs on this machine: where one is, and which version it says it is."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from nightrun.decisions import terminal_text
from nightrun.hands import process
from nightrun.words.errors import NightrunError

VERSION_S = 15.0  # agents that are a Node program take seconds on a busy machine
_CHARS = 80


def find(name: str, path: str | None = None, *, below: Path | None = None) -> str | None:
    """The program as it would be started, None when it is not there. `below`: where a relative path starts."""
    if "/" in name and below is not None:
        name = str(below / name)
    return shutil.which(name, path=path)


def version(program: str, env: Mapping[str, str] | None = None, flag: str = "--version") -> str:
    """The first line of `PROGRAM --version`, on whichever stream; empty when it says none."""
    try:
        done = process.run([program, flag], env=env, timeout_s=VERSION_S, keep_bytes=64 << 10)
    except NightrunError:
        return ""
    said = done.text if done.text.strip() else done.err.decode(errors="replace")
    lines = terminal_text.plain(said).split("\n")
    first = next((line.strip() for line in lines if line.strip()), "")
    return first[:_CHARS] if done.code == 0 and not done.timed_out else ""


def numbers(version: str) -> tuple[int, ...]:
    """The numbers of the first version in a text; empty when there is none."""
    found = re.search(r"\d{1,6}(?:\.\d{1,6})+", version)
    return tuple(map(int, found[0].split("."))) if found else ()
