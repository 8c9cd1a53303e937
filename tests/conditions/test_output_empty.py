from __future__ import annotations

from nightrun.conditions.output_empty import Settings, detect
from tests.conditions.facts import T0, task


def test_a_completed_task_without_output_fires() -> None:
    (finding,) = detect({"finished": [task(1, output_chars=0, commit_state="none"), task(2)]}, Settings(), T0)
    assert (finding.state, finding.message) == ("firing", "1 completed task without any output: t1")
    assert finding.direction.startswith("Completed tasks have no output.")


def test_only_the_last_five_completed_ones_count() -> None:
    rows = [task(n) for n in range(1, 6)] + [task(6, output_chars=0, commit_state="none")]
    assert detect({"finished": rows}, Settings(), T0) == []
    assert detect({"finished": rows[1:]}, Settings(), T0)


def test_work_that_is_a_commit_speaks_for_itself() -> None:
    for state in ("pending", "committed", "landed", "held"):
        assert detect({"finished": [task(1, output_chars=0, commit_state=state)]}, Settings(), T0) == []


def test_scripts_heals_and_failed_tasks_may_be_silent() -> None:
    rows = [
        task(1, output_chars=0, commit_state="none", agent="script"),
        task(2, output_chars=0, commit_state="none", task_type="heal"),
        task(3, "failed", output_chars=0),
    ]
    assert detect({"finished": rows}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
