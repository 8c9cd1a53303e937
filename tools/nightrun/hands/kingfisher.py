"""Kingfisher, a scanner with hundreds of patterns of secrets, where it is installed (reliability.md 4.4).

It asks no provider whether a secret is a real one, looks for no update, and obeys no comment in the repository.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nightrun.decisions import lines
from nightrun.hands import process, programs
from nightrun.scans import found, secrets
from nightrun.words.change import Change, Entry, ScanFinding
from nightrun.words.errors import NightrunError

PROGRAM = "kingfisher"
INSTALL = "pip install 'nightrun[kingfisher]'"
_TIMEOUT_S = 600.0  # the first run on a machine compiles the patterns
_FOUND = 200  # its exit code when it found something
_QUIETLY = ("--no-update-check", "scan", "--no-validate", "--no-ignore", "--no-ignore-if-contains", "--redact")
_PLAINLY = ("--quiet", "--format", "json", "--git-history", "none", "--jobs", "1")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,12}")
_RULE_CHARS = 80


def program() -> str | None:
    """Beside this Python first, where the extra puts it."""
    return shutil.which(PROGRAM, path=str(Path(sys.executable).parent)) or programs.find(PROGRAM)


def look(change: Change, *, rules: Path, scratch: Path, known: Sequence[ScanFinding] = ()) -> list[ScanFinding]:
    """What it found in the added lines; lines of `known` findings are left out. Nothing where it is not installed.

    `rules` keeps its compiled patterns; `scratch` is made, and gone afterwards. Its findings hold a change for a
    person, as does a scan that it did not end.
    """
    name = program()
    entries = [one for one in change.entries if one.added]
    if name is None or not entries:
        return []
    seen = {(one.path, one.line) for one in known}
    try:
        findings = _scanned(name, entries, rules, scratch)
    except (NightrunError, OSError, ValueError, KeyError, TypeError) as error:
        return [_not_looked(entries[0].path, str(error))]
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return found.bounded([one for one in findings if (one.path, one.line) not in seen])


def _not_looked(path: str, why: str) -> ScanFinding:
    return found.hold(secrets.NAME, path, None, f"kingfisher could not look at this change: {lines.safe(why, 200)}.")


def _scanned(name: str, entries: Sequence[Entry], rules: Path, scratch: Path) -> list[ScanFinding]:
    files, home = scratch / "files", scratch / "home"
    for folder in (rules, files, home):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    by_name = dict(_written(entries, files))
    env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "KF_RULE_CACHE_DIR": str(rules)}
    done = process.run([name, *_QUIETLY, *_PLAINLY, "."], cwd=files, env=env, timeout_s=_TIMEOUT_S)
    if done.timed_out or done.code not in (0, _FOUND):
        raise NightrunError("it took too long" if done.timed_out else f"it ended with exit code {done.code}")
    said = json.loads(done.text.partition("\n")[0])
    return [_finding(one, by_name) for one in said["findings"]]


def _written(entries: Sequence[Entry], folder: Path) -> Iterator[tuple[str, Entry]]:
    """The added lines of each, where they stand in the file, under names that no agent chose."""
    for number, entry in enumerate(entries):
        ending = _ENDING.fullmatch(Path(entry.path).suffix)
        name = f"{number}{ending[0] if ending else ''}"
        with (folder / name).open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            at = 1
            for line, text in entry.added:
                file.write("\n" * (line - at) + text + "\n")
                at = line + 1
        yield name, entry


def _finding(said: Mapping[str, Any], by_name: Mapping[str, Entry]) -> ScanFinding:
    """Without the secret itself, which it was told not to print."""
    where, rule = said["finding"], lines.safe(str(said["rule"]["name"]), _RULE_CHARS)
    entry = by_name[Path(str(where["path"])).name]
    message = f"kingfisher takes this for a secret ({rule}): take it out, or say that it is none."
    return found.hold(secrets.NAME, entry.path, int(where["line"]), message)
