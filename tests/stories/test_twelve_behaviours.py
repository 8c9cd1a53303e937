"""A night of twelve behaviours: short with a limit of some seconds, and at its full length; both are soaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.nights import run, told


def spend(
    folder: Path, *, each: int, runners: int, limit_s: float, login_s: float, after_reset_s: float
) -> run.Morning:
    made = run.prepared(folder, each=each, runners=runners, limit_s=limit_s)
    try:
        run.run(made, login_s=login_s, most_s=1500.0)
        run.check(made, after_reset_s=after_reset_s)
    finally:
        made.night.close()
    return made


@pytest.mark.soak
def test_a_short_night_of_twelve_behaviours(tmp_path: Path) -> None:
    # On a busy machine all runners are at work when the limit ends.
    made = spend(tmp_path, each=1, runners=3, limit_s=5.0, login_s=0.2, after_reset_s=60.0)
    assert "| processes, locks, leases, worktrees left | 0 |" in told.everything(made)


@pytest.mark.soak
def test_a_night_of_sixty_tasks_of_twelve_behaviours(tmp_path: Path) -> None:
    made = spend(tmp_path, each=5, runners=4, limit_s=120.0, login_s=20.0, after_reset_s=10.0)
    assert len(made.ids) == 60
