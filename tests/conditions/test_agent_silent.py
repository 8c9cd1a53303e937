from __future__ import annotations

from nightrun.conditions.agent_silent import Settings, detect
from tests.conditions.facts import HOUR, T0, attempt


def test_two_silent_attempts_of_one_agent_fire() -> None:
    (finding,) = detect({"attempts": [attempt(1, "silent"), attempt(2), attempt(3, "silent")]}, Settings(), T0)
    assert (finding.state, finding.fingerprint, finding.direction) == ("firing", "claude", None)
    assert finding.message == "agent claude was stopped 2 times because it said nothing for too long"
    assert finding.evidence == {"tasks": ["t1", "t3"], "last_at": T0 - 60}


def test_one_or_two_of_different_agents_do_not() -> None:
    rows = [attempt(1, "silent"), attempt(2, "silent", agent="codex"), attempt(3, "timeout")]
    assert detect({"attempts": rows}, Settings(), T0) == []


def test_silence_of_long_ago_does_not_count() -> None:
    rows = [attempt(1, "silent"), attempt(2, "silent", ended_at=T0 - 6 * HOUR - 1)]
    assert detect({"attempts": rows}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
