"""How the matrix judges; `make matrix` plays it, its short cells are among the tests of the supervisor."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.matrix import told
from tests.matrix.__main__ import play
from tests.matrix.cells import CELLS, Cell
from tests.matrix.scene import Outcome

CELL = Cell(part="monitor", fault="SIGKILL", rules="S1", limit_s=20.0, starts=1, play=lambda scene: outcome(scene))


def outcome(*_: object, seconds: float = 2.0, starts: int = 1, broken: tuple[str, ...] = ()) -> Outcome:
    return Outcome(seconds, {"api": 7, "monitor": starts, "runner-1": 7}, "well again", list(broken))


def test_what_the_rules_allow_is_kept() -> None:
    assert told.line(CELL, outcome()) == "| monitor | SIGKILL | S1 | 20 s, 1 start | 2.0 s | 1 | well again | kept |"


@pytest.mark.parametrize(
    ("came", "why"),
    [
        (outcome(seconds=20.1), "it took 20 s"),
        (outcome(starts=0), "it was started again 0 times"),
        (outcome(starts=2), "it was started again 2 times"),
        (outcome(broken=("one commit",)), "one commit"),
        ("AssertionError: not within 420 s", "AssertionError: not within 420 s"),
    ],
)
def test_what_they_do_not_allow_is_missed(came: Outcome | str, why: str) -> None:
    assert told.line(CELL, came).endswith(f"| **missed**: {why} |")


def test_cells_that_were_not_played_stay_as_they_were() -> None:
    other = Cell(part="api", fault="SIGKILL", rules="S1", limit_s=20.0, starts=None, play=outcome)
    both = [CELL, other]
    old = told.text(both, {CELL.name: outcome(seconds=9.0), other.name: outcome(seconds=8.0)}, "")
    new = told.text(both, {CELL.name: outcome(seconds=7.0)}, old)
    assert [line.split(" | ")[4] for line in new.splitlines() if "SIGKILL" in line] == ["7.0 s", "8.0 s"]


def test_each_part_is_killed_stopped_hung_and_in_two_crash_loops() -> None:
    for part in ("api", "monitor", "runner-1"):
        faults = [one.fault for one in CELLS if one.part == part]
        assert {"SIGKILL", "SIGSTOP", "its main thread hangs", "dies 0.2 s after each start"} <= set(faults)
    assert len({one.name for one in CELLS}) == len(CELLS)


@pytest.mark.soak
@pytest.mark.parametrize("cell", [one for one in CELLS if one.limit_s < 60], ids=lambda cell: cell.name)
def test_the_short_cells_are_kept(cell: Cell, tmp_path: Path) -> None:
    assert told.missed(cell, play(cell, tmp_path / "scene")) == []
