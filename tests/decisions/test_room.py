from __future__ import annotations

import pytest

from nightrun.decisions import judging, room
from nightrun.decisions.room import Disk
from nightrun.policy.model import Limits
from nightrun.words.outcome import Outcome

GIB = 1 << 30


@pytest.mark.parametrize(
    ("free", "total", "said"),
    [
        (GIB, 10 * GIB, ""),
        (GIB - 1, 10 * GIB, "1023 MiB are free on the disk, the policy wants 1024 MiB"),
        (5 * GIB - 1, 100 * GIB, "5119 MiB are free on the disk, the policy wants 5120 MiB"),
        (20 * GIB, 8000 * GIB, ""),  # of a large disk a share would be much
    ],
)
def test_the_floor_is_a_number_or_a_share_of_the_disk(free: int, total: int, said: str) -> None:
    assert room.lacking(Disk(free=free, total=total), Limits()) == said


@pytest.mark.parametrize(
    ("free", "total", "short"),
    [(0, 0, False), (49, 1000, True), (50, 1000, False), (60_000, 16_000_000, False)],
)
def test_inodes_count_where_they_are_counted(free: int, total: int, short: bool) -> None:
    disk = Disk(free=50 * GIB, total=100 * GIB, inodes_free=free, inodes_total=total)
    assert bool(room.lacking(disk, Limits())) is short


def test_worktrees_that_wait_are_not_too_many() -> None:
    limits = Limits(worktrees=3)
    assert room.crowded(2, limits) == ""
    assert room.crowded(3, limits) == "3 worktrees wait in .pipeline/worktrees, limits.worktrees is 3: `make clean`"


def test_a_failure_on_a_full_disk_is_excused_once() -> None:
    red = Outcome(kind="gate", summary="no space left")
    found = judging.of_disk(red, lacking="3 MiB are free", before=None)
    assert found is not None
    assert (found.kind, found.summary) == ("disk", "when it ended, 3 MiB are free (gate: no space left)")
    assert judging.of_disk(red, lacking="3 MiB are free", before={"class": "disk"}) is None
    assert judging.of_disk(red, lacking="", before=None) is None
    assert judging.of_disk(Outcome(kind="limit"), lacking="3 MiB are free", before=None) is None
