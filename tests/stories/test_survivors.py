"""What is alive of an agent after each way to end it; `make night` writes the whole table into docs/night.md."""

from __future__ import annotations

import pytest

from tests.nights import kills
from tests.sandboxed import NEEDED
from tests.stories.conftest import Nights


@NEEDED
def test_runner_and_supervisor_killed_together_leave_nothing_in_the_sandbox(new_night: Nights) -> None:
    """Nobody is there to sweep: the kernel ends it all (reliability.md 6, faults 1 and 2)."""
    row = kills.measure(new_night, kills.BOTH, boxed=True)
    assert (sum(row.left.values()), row.later) == (0, 0)


@pytest.mark.soak
def test_survivors_of_each_end(new_night: Nights, capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(kills.all_of(new_night))
    with capsys.disabled():
        print(f"\n{kills.told(rows)}")
    kills.check(rows)
