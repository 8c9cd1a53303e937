"""`python -m tests.nights [--quick]`: runs the night of 60 tasks and the kills, and writes docs/night.md."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench import row
from tests.bench.row import Bench
from tests.nights import kills, run, told
from tests.stories.night import Night

PAGE = Path(__file__).parents[2] / "docs/night.md"
EACH, RUNNERS, LIMIT_S, LOGIN_S, MOST_S = 5, 4, 120.0, 20.0, 1500.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.nights", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one task of each, a short limit, no kills; only print")
    quick = parser.parse_args().quick
    begun = time.monotonic()
    with row.begun(quick=quick) as bench:
        text = _night(bench, quick=quick)
        if not quick:
            text += f"\n{_kills(bench)}"
    if not quick:
        PAGE.write_text(text)
        print(f"written: docs/{PAGE.name} ({time.monotonic() - begun:.0f} s)", file=sys.stderr)
    return 0


def _night(bench: Bench, *, quick: bool) -> str:
    made = run.prepared(
        bench.new("night").parent,
        each=1 if quick else EACH,
        runners=RUNNERS,
        limit_s=8.0 if quick else LIMIT_S,
    )
    try:
        run.run(made, login_s=1.0 if quick else LOGIN_S, most_s=MOST_S)
        text = told.everything(made)
        print(text, flush=True)
        run.check(made)
    finally:
        made.night.close()
    return text


def _kills(bench: Bench) -> str:
    with _nights(bench.new("kills")) as new_night:
        rows = list(kills.all_of(new_night))
    text = kills.told(rows)
    print(text, end="", flush=True)
    kills.check(rows)
    return text


@contextmanager
def _nights(folder: Path) -> Iterator[kills.Make]:
    """What runs in them is ended whatever happens."""
    made: list[Night] = []

    def make(policy: dict[str, Any], name: str, *, in_sandbox: bool) -> Night:
        (folder / name).parent.mkdir(parents=True)
        made.append(Night(folder / name, policy, in_sandbox=in_sandbox))
        return made[-1]

    try:
        yield make
    finally:
        for one in made:
            one.close()


if __name__ == "__main__":
    sys.exit(main())
