from __future__ import annotations

from typing import Any

import pytest

from nightrun.conditions.executor_fail import Settings, detect
from tests.conditions.facts import T0, attempt, task


def look(finished: list[Any], attempts: list[Any] | None = None) -> list[Any]:
    return detect({"finished": finished, "attempts": attempts or []}, Settings(), T0)


def test_a_task_that_failed_without_a_word_fires() -> None:
    (finding,) = look([task(1, "failed", error_class="agent", output_chars=0)])
    assert (finding.state, finding.message) == ("firing", "1 task failed without any output: t1")
    assert finding.direction.startswith("Tasks failed before their agent said anything.")


@pytest.mark.parametrize(
    "more",
    [{"output_chars": 1}, {"error_class": "gate"}, {"agent": "script"}, {"task_type": "heal"}, {"status": "completed"}],
    ids=lambda more: next(iter(more)),
)
def test_a_task_that_said_something_or_failed_later_does_not(more: dict[str, Any]) -> None:
    assert look([{**task(1, "failed", error_class="agent", output_chars=0), **more}]) == []


def test_only_the_last_five_count() -> None:
    assert look([*(task(n) for n in range(1, 6)), task(6, "failed", error_class="agent", output_chars=0)]) == []


def test_an_agent_that_is_not_there_is_an_issue_without_a_heal() -> None:
    missing = [attempt(n, "setup", error_summary="claude: not found") for n in (1, 2)]
    (finding,) = look([], missing)
    assert (finding.fingerprint, finding.direction) == ("setup:claude", None)
    assert finding.message == "agent claude is not usable: claude: not found"
    assert look([], missing[:1]) == []


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]
