"""`python -m tests.simulate [--quick]`: repeats the simulations and writes their part of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys

from tests.bench import page
from tests.simulate import told


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs; only print")
    quick = parser.parse_args().quick
    text = told.everything(quick=quick)
    print(text, end="")
    if not quick:
        page.PAGE.write_text(page.with_part(page.PAGE.read_text(), "simulations", text))
        print(f"written: docs/{page.PAGE.name}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
