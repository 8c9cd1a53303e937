"""The line of a check's output that says what is wrong: most programs end with a line that says only that something is.

A fingerprint of such a last line calls all failures of a repository the same one. What is known here was read off the
programs themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 2000  # characters of a line that count
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class _Kind:
    """How a program's output ends, and the lines before that say what failed, of which the last one counts."""

    ends: re.Pattern[str]
    tells: re.Pattern[str]


# A line of a program that only called another one.
_CALLERS = re.compile(
    r"g?make(\[\d+\])?: (\*\*\* |Leaving directory |Entering directory |Target .+ not remade )"
    r"|ninja: build stopped: "
    r"|npm (error|ERR!|notice|warn)( |$)"
)
_KINDS = (
    # pytest, with and without -q
    _Kind(
        re.compile(r"(=+ )?\d+ (failed|errors?|passed|skipped|warnings?)\b.* in [\d.]+s\b|!+ Interrupted: "),
        re.compile(r"(FAILED|ERROR) \S|E {3}\S"),
    ),
    # unittest
    _Kind(re.compile(r"FAILED \((failures|errors)="), re.compile(r"[\w.]*(Error|Exception|Warning|Exit|Interrupt)\b")),
    # TAP, as `node --test` prints it
    _Kind(re.compile(r"# (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$"), re.compile(r"not ok ")),
    # cargo
    _Kind(re.compile(r"error: test failed, to rerun pass "), re.compile(r"test .+ \.\.\. FAILED$")),
    # mypy
    _Kind(re.compile(r"Found \d+ errors? in \d+ files?\b"), re.compile(r".+: error: ")),
    # ruff
    _Kind(
        re.compile(r"Found \d+ errors?\.$|\[\*\] \d+ fixable |No fixes available "),
        re.compile(r"[A-Z]+\d+ |.+:\d+:\d+: "),
    ),
)


def of(text: str) -> str:
    """The last line that says something where none of these programs is known by the end of the text."""
    lines = [line for line in map(_plain, text.splitlines()) if line]
    for at in range(len(lines) - 1, -1, -1):
        if _CALLERS.match(lines[at]):
            continue
        kind = next((one for one in _KINDS if one.ends.match(lines[at])), None)
        return (_told(lines[:at], kind) if kind else "") or lines[at]
    return lines[-1] if lines else ""


def _plain(line: str) -> str:
    return _COLOUR.sub("", line[:LONGEST]).strip()


def _told(lines: Sequence[str], kind: _Kind) -> str:
    return next((line for line in reversed(lines) if kind.tells.match(line)), "")
