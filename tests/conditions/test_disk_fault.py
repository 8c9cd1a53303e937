from __future__ import annotations

from nightrun.conditions.disk_fault import Settings, detect
from tests.conditions.facts import T0

PAUSE = {"scope": "intake", "by": "disk", "reason": "the database is damaged (page 7)", "until": None}


def test_what_closed_intake_is_said_in_its_own_words_and_no_heal_is_asked_for() -> None:
    (finding,) = detect({"pauses": [PAUSE, {**PAUSE, "by": "person"}]}, Settings(), T0)
    assert (finding.message, finding.direction) == ("the database is damaged (page 7)", None)


def test_a_log_that_cannot_be_folded_back_fires() -> None:
    (finding,) = detect({"pauses": [], "log_bytes": 256 << 20}, Settings(), T0)
    assert finding.message == "the database's log has grown to 256 MiB and cannot be folded back"
    assert detect({"pauses": [], "log_bytes": (256 << 20) - 1}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
