"""`python -m tests.matrix [CELL ...] [--at-once N]`: plays the cells and writes their part of docs/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench import page
from tests.conftest import GITCONFIG
from tests.matrix import told
from tests.matrix.cells import CELLS, Cell
from tests.matrix.scene import Outcome, Scene

AT_ONCE = 6  # they wait, most of the time


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("cells", nargs="*", help="beginnings of names, as in the table: 'api: SIG'")
    parser.add_argument("--at-once", type=int, default=AT_ONCE)
    asked = parser.parse_args()
    cells = [one for one in CELLS if not asked.cells or one.name.startswith(tuple(asked.cells))]
    outcomes = play_all(cells, at_once=asked.at_once, say=lambda line: print(line, file=sys.stderr, flush=True))
    old = page.PAGE.read_text()
    text = told.text(CELLS, outcomes, old)
    print(text, end="")
    page.PAGE.write_text(page.with_part(old, "matrix", text))
    print(f"written: docs/{page.PAGE.name}", file=sys.stderr)
    return int(any(told.missed(one, outcomes[one.name]) for one in cells))


def play_all(cells: Sequence[Cell], *, at_once: int, say: Callable[[str], None]) -> dict[str, Outcome | str]:
    with tempfile.TemporaryDirectory(prefix="nightrun-matrix-") as name, ThreadPoolExecutor(at_once) as pool:
        folder = Path(name)
        _alone(folder)

        def one(number: int) -> Outcome | str:
            outcome = play(cells[number], folder / str(number))
            say(told.line(cells[number], outcome))
            return outcome

        return {cells[number].name: came for number, came in enumerate(pool.map(one, range(len(cells))))}


def _alone(folder: Path) -> None:
    """Nothing of the person who plays it, neither git's settings nor nightrun's, has an effect."""
    home = folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(GITCONFIG)
    for variable in [one for one in os.environ if one.startswith(("PIPELINE_", "GIT_", "NIGHTRUN_"))]:
        del os.environ[variable]
    os.environ.update({"GIT_CONFIG_NOSYSTEM": "1", "HOME": str(home)})


def play(cell: Cell, folder: Path) -> Outcome | str:
    """What came of it, or why nothing did."""
    try:
        scene = Scene(folder)
        try:
            return cell.play(scene)
        finally:
            scene.close()
    except Exception as error:
        traceback.print_exc()
        return f"{type(error).__name__}: {error}".partition("\n")[0].replace("|", "/")


if __name__ == "__main__":
    sys.exit(main())
