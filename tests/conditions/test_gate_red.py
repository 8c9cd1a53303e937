from __future__ import annotations

from nightrun.conditions.gate_red import Settings, detect
from tests.conditions.facts import DAY, T0


def reported(result: str, at: float = T0) -> dict[str, object]:
    return {"name": "runner-1", "target_gate": {"result": result, "tip": "abc", "at": at, "summary": "2 failed"}}


def test_a_red_target_is_repaired_by_a_task_that_commits() -> None:
    (finding,) = detect({"runners": [reported("failed")]}, Settings(), T0)
    assert (finding.state, finding.severity) == ("firing", "high")
    assert finding.message == "the target branch fails its own gate: 2 failed"
    assert finding.direction
    assert Settings().task_type == "impl"


def test_a_green_target_is_fine() -> None:
    assert detect({"runners": [reported("failed", T0 - 60), reported("passed")]}, Settings(), T0) == []


def test_no_or_an_old_report_is_unknown() -> None:
    for runners in ([], [{"name": "runner-1"}], [reported("failed", T0 - DAY - 1)], None):
        assert [one.state for one in detect({"runners": runners}, Settings(), T0)] == ["unknown"]
