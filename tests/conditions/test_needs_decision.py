from __future__ import annotations

from nightrun.conditions.needs_decision import Settings, detect
from tests.conditions.facts import T0


def test_a_question_is_an_issue_without_a_heal() -> None:
    asked = {"id": "t1", "decision_prompt": "Which one?"}
    (finding,) = detect({"needs_decision": [asked]}, Settings(), T0)
    assert (finding.state, finding.direction, finding.message) == ("firing", None, "1 task needs a decision: t1")
    assert finding.evidence == {"tasks": ["t1"], "asked": "Which one?"}


def test_no_question_is_fine() -> None:
    assert detect({"needs_decision": []}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
