from __future__ import annotations

from nightrun.conditions.policy_invalid import Settings, detect
from tests.conditions.facts import T0


def test_a_bad_edit_is_an_issue_with_its_first_problem() -> None:
    (finding,) = detect({"policy_problem": "pipeline.yaml:3: unknown key\npipeline.yaml:9: no"}, Settings(), T0)
    assert (finding.state, finding.direction) == ("firing", None)
    assert finding.message == "the policy is not valid: pipeline.yaml:3: unknown key"


def test_a_good_policy_is_fine() -> None:
    assert detect({"policy_problem": ""}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
