from __future__ import annotations

import pytest

from nightrun.conditions.commit_failed import Settings, detect
from tests.conditions.facts import T0, task


def test_a_failed_commit_fires_with_its_reason() -> None:
    rows = [task(1, commit_state="failed", commit_reason="pre-commit: exit 1")]
    (finding,) = detect({"unlanded": rows}, Settings(), T0)
    assert (finding.state, finding.fingerprint, finding.direction) == ("firing", "failed", None)
    assert finding.message == "the work of 1 task could not be committed: pre-commit: exit 1 (t1)"


def test_held_and_failed_are_two_issues() -> None:
    rows = [task(1, commit_state="failed", commit_reason="x"), task(2, commit_state="held", commit_reason="y")]
    assert [one.fingerprint for one in detect({"unlanded": rows}, Settings(), T0)] == ["failed", "held"]


@pytest.mark.parametrize(("age", "fires"), [(599, False), (600, True)])
def test_a_commit_on_its_way_is_late_after_ten_minutes(age: float, fires: bool) -> None:
    rows = [task(1, commit_state="committed", finished_at=T0 - age)]
    assert bool(detect({"unlanded": rows}, Settings(), T0)) is fires


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
