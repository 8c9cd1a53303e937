from __future__ import annotations

from nightrun.conditions.hooks_tampered import Settings, detect
from tests.conditions.facts import T0


def test_a_changed_hook_is_an_issue_without_a_heal() -> None:
    (finding,) = detect({"hook_problems": ["pre-push is missing", "commit-msg was changed"]}, Settings(), T0)
    assert (finding.state, finding.severity, finding.direction) == ("firing", "high", None)
    assert finding.message == "git hooks: pre-push is missing; commit-msg was changed"


def test_hooks_as_installed_are_fine() -> None:
    assert detect({"hook_problems": []}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
