"""Runs the drill on this repository and on one in JavaScript, into docs/drill.md: `python -m tests.drill_page`.

Each once without a sandbox and once with one, where this machine has one.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nightrun.decisions import drill
from nightrun.decisions.drill import Row

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs/drill.md"
BEGIN, END = "<!-- drill:begin -->\n", "<!-- drill:end -->\n"
FOLDER = re.compile(r"/\S*/nightrun-drill-\w+")
SUM = "exports.sum = (...numbers) => numbers.reduce((a, b) => a + b, 0);\n"
SUM_TEST = """\
const test = require("node:test");
const assert = require("node:assert");
const { sum } = require("../src/sum.js");

test("sums", () => {
  assert.equal(sum(1, 2, 3), 6);
});
test("sums nothing", () => {
  assert.equal(sum(), 0);
});
"""
JAVASCRIPT = {
    "src/sum.js": SUM,
    "test/sum.test.js": SUM_TEST,
    "package.json": '{"name": "sum", "version": "1.0.0", "scripts": {"test": "node --test"}}\n',
}


def javascript(folder: Path) -> Path:
    """A repository in JavaScript that was never adopted."""
    for name, text in JAVASCRIPT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    who = ("-c", "user.name=Someone", "-c", "user.email=someone@example.invalid")
    for args in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "begin")):
        subprocess.run(["git", *args], cwd=folder, check=True)
    return folder


def drilled(repo: Path, mode: str) -> dict[str, Any]:
    argv = [sys.executable, "-P", "-m", "nightrun", "drill", "--json", "--sandbox", mode, "--repo", str(repo)]
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode not in (0, 1) or not done.stdout:
        sys.exit(f"the drill on {repo} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def part(title: str, said: dict[str, Any]) -> Iterator[str]:
    """One run as a section of the page; machine paths are left out."""
    rows = [Row(**one) for one in said["rows"]]
    yield from (f"## {title}", "")
    yield from (f"- {note}" for note in said["notes"])
    yield from ("", *(FOLDER.sub("/tmp/nightrun-drill-xxxxxxxx", line) for line in drill.markdown(rows)), "")
    verdict = " ".join(line.strip() for line in drill.summary(rows) if not line.startswith("  "))
    untouched = "The repository was not touched" if not said["touched"] else f"TOUCHED: {', '.join(said['touched'])}"
    yield f"{verdict} {untouched}. Exit code {said['exit_code']}, {said['seconds']:.0f} s in all."
    yield ""


def with_tables(page: str, text: str) -> str:
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}{text}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    bad = 0
    lines = [f"Run on {machine}. On a machine that has other work to do it takes some times as long.", ""]
    with tempfile.TemporaryDirectory() as name:
        places = {"This repository": ROOT, "A small repository in JavaScript": javascript(Path(name) / "sum")}
        for title, place in places.items():
            for mode in ("off", "auto"):
                said = drilled(place, mode)
                if mode == "auto" and not said["sandboxed"]:
                    continue
                bad += said["exit_code"] != 0
                with_or_without = "with the sandbox" if mode == "auto" else "without a sandbox"
                lines += part(f"{title}, {with_or_without}", said)
    PAGE.write_text(with_tables(PAGE.read_text(), "\n".join(lines).rstrip()))
    sys.exit(f"{bad} of the drills found something that is not caught: see {PAGE}" if bad else 0)


if __name__ == "__main__":
    main()
