"""`python -m tests.nights [--quick]`: runs the night of 60 tasks and writes docs/night.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.bench import row
from tests.nights import run, told

PAGE = Path(__file__).parents[2] / "docs/night.md"
EACH, RUNNERS, LIMIT_S, LOGIN_S, MOST_S = 5, 4, 120.0, 20.0, 1500.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.nights", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one task of each, a short limit; only print")
    quick = parser.parse_args().quick
    with row.begun(quick=quick) as bench:
        made = run.prepared(
            bench.new("night").parent,
            each=1 if quick else EACH,
            runners=RUNNERS,
            limit_s=8.0 if quick else LIMIT_S,
        )
        try:
            run.run(made, login_s=1.0 if quick else LOGIN_S, most_s=MOST_S)
            text = told.everything(made)
            print(text, end="")
            run.check(made)
        finally:
            made.night.close()
    if not quick:
        PAGE.write_text(text)
        print(f"written: docs/{PAGE.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
