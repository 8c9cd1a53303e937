"""The matrix as a part of docs/benchmarks.md: what came of each cell, and whether that is as the rules want it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tests.bench import page
from tests.matrix.cells import Cell
from tests.matrix.scene import Outcome

HEAD = """\
## What comes back, and how soon

Each cell is a run of its own on a real repository: real supervisor, API, monitor and runner with the times they are
shipped with, and one fault. *After* is how long it took until the part worked again, or until what the rule wants was
so; *starts* is how often the part was started again. The rules are those of the requirements this was built to: S1 to
S10 (supervision), A12 and A13 (a stale API, who watches the monitor), and numbers of the fault table. Again:
`make matrix` (under twenty minutes), or `python -m tests.matrix CELL ...` for cells whose names (`part: fault`) begin
like that. Several cells are played at the same time, so the times are those of a busy machine: what is allowed is the
time of the rule, and 20 s for a start.

What needs more than minutes is held by tests with a clock of their own: one trial every 30 minutes of a part that was
given up, and ten healthy minutes that clear its record (`tests/decisions/test_restart.py`). A supervisor that hangs or
dies is started again where systemd keeps it: `tests/stories/test_systemd.py` does that in a real systemd.
"""
TABLE = (
    "| part | fault | rules | allowed | after | starts | what came of it | kept |\n|---|---|---|---|---|---|---|---|\n"
)
_NAME = re.compile(r"\| [a-z0-9-]+ \| [^|]* \|")


def text(cells: Sequence[Cell], outcomes: Mapping[str, Outcome | str], old: str) -> str:
    """Lines of cells that have no outcome stay as they are in the old page. An outcome that is a text says why."""
    kept = {found[0]: f"{found.string}" for line in old.splitlines() if (found := _NAME.match(line))}
    rows = [line(one, outcomes[one.name]) if one.name in outcomes else kept.get(_start(one)) for one in cells]
    return f"{HEAD}\n{page.machine()}\n{TABLE}" + "".join(f"{one}\n" for one in rows if one)


def _start(cell: Cell) -> str:
    return f"| {cell.part} | {cell.fault} |"


def line(cell: Cell, outcome: Outcome | str) -> str:
    allowed = f"{cell.limit_s:.0f} s" + ("" if cell.starts is None else f", {_starts(cell.starts)}")
    wrong = missed(cell, outcome)
    kept = "kept" if not wrong else f"**missed**: {'; '.join(wrong)}"
    if isinstance(outcome, str):
        cells = [cell.part, cell.fault, cell.rules, allowed, "", "", "", kept]
    else:
        starts = "" if cell.starts is None else str(outcome.starts[cell.part])
        cells = [cell.part, cell.fault, cell.rules, allowed, f"{outcome.seconds:.1f} s", starts, outcome.said, kept]
    return f"| {' | '.join(cells)} |"


def _starts(number: int) -> str:
    return "1 start" if number == 1 else f"{number} starts"


def missed(cell: Cell, outcome: Outcome | str) -> list[str]:
    """The rules that were not kept, in words."""
    if isinstance(outcome, str):
        return [outcome]
    wrong = list(outcome.broken)
    if outcome.seconds > cell.limit_s:
        wrong.append(f"it took {outcome.seconds:.0f} s")
    if cell.starts is not None and outcome.starts[cell.part] != cell.starts:
        wrong.append(f"it was started again {outcome.starts[cell.part]} times")
    return wrong
