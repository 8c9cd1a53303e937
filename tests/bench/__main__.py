"""`python -m tests.bench [--quick] [ROW ...]`: measures the rows and writes docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import replace

from tests.bench import page, row
from tests.bench.families import FAMILIES, ROWS


def main() -> int:
    asked = _asked()
    names = frozenset(asked.rows or [one.name for one in ROWS])
    unknown = names - {one.name for one in ROWS}
    if unknown:
        print(f"bench: no row {', '.join(sorted(unknown))}; there are: {', '.join(one.name for one in ROWS)}")
        return 2
    measured = _measure(names, quick=asked.quick)
    if not asked.quick:
        old = page.PAGE.read_text() if page.PAGE.exists() else ""
        page.PAGE.write_text(page.with_results(old, ROWS, measured))
        print(f"written: docs/{page.PAGE.name}")
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="What nightrun costs.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="only these rows")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; only print")
    return parser.parse_args()


def _measure(names: frozenset[str], *, quick: bool) -> row.Measured:
    print(page.machine() + "\n" + page.TABLE, end="", flush=True)
    measured: dict[str, row.Result] = {}
    with row.begun(quick=quick) as bench:
        for family in FAMILIES:
            wanted = names & {one.name for one in family.rows}
            begun = time.monotonic()
            found = family.measure(bench, wanted) if wanted else {}
            measured |= {name: _with_load(one) for name, one in found.items() if name in wanted}
            for one in family.rows:
                if one.name in measured:
                    print(page.line(one, measured[one.name]), flush=True)
            if found:
                print(f"({time.monotonic() - begun:.0f} s)", file=sys.stderr, flush=True)
    return measured


def _with_load(one: row.Result) -> row.Result:
    """Ratios bear a busy machine, seconds do not."""
    load = os.getloadavg()[0]
    busy = f"; the machine was busy (load {load:.0f})" if load > 1.5 * (os.cpu_count() or 1) else ""
    return replace(one, detail=one.detail + busy)


if __name__ == "__main__":
    sys.exit(main())
