from __future__ import annotations

from nightrun.conditions.push_failed import Settings, detect
from tests.conditions.facts import T0


def runner(state: str, at: float) -> dict[str, object]:
    return {"name": "runner-1", "push": {"state": state, "detail": "non-fast-forward", "at": at}}


def test_a_refused_push_fires_without_a_heal() -> None:
    (finding,) = detect({"runners": [runner("refused", T0)]}, Settings(), T0)
    assert (finding.state, finding.direction) == ("firing", None)
    assert finding.message == "the last push was not done: non-fast-forward"


def test_only_the_last_push_counts() -> None:
    assert detect({"runners": [runner("failed", T0 - 60), runner("done", T0)]}, Settings(), T0) == []


def test_without_a_push_there_is_nothing_to_find() -> None:
    assert detect({"runners": [{"name": "runner-1"}]}, Settings(), T0) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
