"""Puts the output of the demo, shortened, into README.md: `python -m tests.picture`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- demo:begin -->\n", "<!-- demo:end -->\n"
WIDTH = 116
FOLDER = re.compile(r"/\S*/nightrun-demo-\w+")
# What a reader of the picture can do without.
LEFT_OUT = re.compile(r"\d\d:\d\d:\d\d \w+ \w+ (running.*|completed)|\d\d:\d\d:\d\d PIPELINE_.*|written: .*|    git .*")
SECTIONS_LEFT_OUT = ("Committed", "Completed without a commit", "Settings")


def shortened(said: str) -> str:
    """What the demo said without machine paths, moves that only began, and the long sections of its report."""
    lines = (_cut(line) for line in _without_sections(said.splitlines()) if not LEFT_OUT.fullmatch(line))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _without_sections(lines: list[str]) -> Iterator[str]:
    is_out = False
    for line in lines:
        is_out = line in SECTIONS_LEFT_OUT or (is_out and line != "")
        if line in SECTIONS_LEFT_OUT:
            yield from (line, "  [...]")
        elif not is_out:
            yield line


def _cut(line: str) -> str:
    shown = FOLDER.sub("/tmp/nightrun-demo-xxxxxxxx", line)
    return shown if len(shown) <= WIDTH else shown[: WIDTH - 1] + "…"


def with_picture(page: str, text: str) -> str:
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}```text\n$ make demo\n{text}\n```\n{END}{rest.partition(END)[2]}"


def main() -> None:
    done = subprocess.run([sys.executable, "-P", "-m", "nightrun", "demo"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the demo ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    README.write_text(with_picture(README.read_text(), shortened(done.stdout)))


if __name__ == "__main__":
    main()
