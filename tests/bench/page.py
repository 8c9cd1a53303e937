"""docs/benchmarks.md: one line for each row, and on what machine it was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.row import Measured, Result, Row

PAGE = Path(__file__).parents[2] / "docs/benchmarks.md"
HEAD = """\
# What it costs

For everybody who asks what nightrun adds to a commit, a push, a task or an idle machine. Written by `make bench`.

Each row is measured against a floor in the same run: floor and nightrun take turns in a new order each round, and
the value is the median of the rounds' ratios, so that a busy machine slows down both. CPU is user and system time
with all children. Every repository and store is made anew in a temporary folder, with an empty HOME; git's time
includes making things durable where nightrun does so (`core.fsync=all` on both sides).

Again: `make bench` (under ten minutes), or `python -m tests.bench ROW ...` for the rows named; `--quick` takes fewer
rounds, leaves out the slowest row and only prints.
"""
TABLE = "| row | what | floor | goal | measured | how it was measured |\n|---|---|---|---|---|---|\n"
PARTS = ("simulations", "matrix")  # that other commands write, in this order
_LINE = re.compile(r"^\| `([a-z0-9-]+)` \|.*$", re.M)


def machine() -> str:
    """In words that fit any machine of this kind."""
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    python = platform.python_version()
    return f"Machine: {os.cpu_count()} cores, {_system()}, Python {python}, git {git}.\n"


def _system() -> str:
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]}"
    try:
        return f"Linux ({platform.freedesktop_os_release()['PRETTY_NAME']})"
    except (OSError, KeyError):
        return platform.system()


def line(row: Row, result: Result) -> str:
    met = "" if result.value <= row.goal else " (missed)"
    measured = f"{number(result.value)} {row.unit}{met}"
    cells = (f"`{row.name}`", row.what, row.floor, f"at most {row.goal:g} {row.unit}", measured, result.detail)
    return f"| {' | '.join(cells)} |"


def number(value: float) -> str:
    """Three digits, as many as there is reason to believe."""
    if value == int(value) and abs(value) < 100:
        return str(int(value))
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def with_results(page: str, rows: Sequence[Row], measured: Measured) -> str:
    """The page with these lines new; the lines of other rows stay when they are of this machine."""
    kept: Mapping[str, str] = {}
    if machine() in page:
        kept = {found[1]: found[0] for found in _LINE.finditer(page)}
    fresh = {row.name: line(row, measured[row.name]) for row in rows if row.name in measured}
    lines = [(kept | fresh)[row.name] for row in rows if row.name in kept | fresh]
    return f"{HEAD}\n{machine()}\n{TABLE}" + "".join(f"{one}\n" for one in lines) + "".join(_parts(page))


def with_part(page: str, name: str, text: str) -> str:
    """The page with this text for what the command of that part came to."""
    begin, end = _marks(name)
    parts = _parts(page)
    bare = page.removesuffix("".join(parts))
    parts[PARTS.index(name)] = f"\n{begin}{text}{end}"
    return bare + "".join(parts)


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->\n"


def _parts(page: str) -> list[str]:
    """Those parts, which no measurement touches; empty texts for those that are not there."""
    found = []
    for name in PARTS:
        begin, end = _marks(name)
        start = page.find("\n" + begin)
        found.append("" if start < 0 else page[start : page.index(end, start) + len(end)])
    return found
