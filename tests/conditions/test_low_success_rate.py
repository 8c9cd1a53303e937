from __future__ import annotations

from typing import Any

import pytest

from nightrun.conditions import low_success_rate
from nightrun.conditions.low_success_rate import Settings, detect
from tests.conditions import facts
from tests.conditions.facts import T0


def look(completed: int, failed: int, finished: str = "", **more: Any) -> list[Any]:
    snapshot = {"window": facts.window(completed, failed), "finished": facts.tasks(finished), "issues": [], **more}
    return detect(snapshot, Settings(), T0)


@pytest.mark.parametrize(
    ("completed", "failed"),
    [(2, 8), (0, 5), (3, 7), (44, 36)],
)
def test_a_rate_that_is_surely_below_the_threshold_fires(completed: int, failed: int) -> None:
    (finding,) = look(completed, failed)
    assert finding.state == "firing"


@pytest.mark.parametrize(
    ("completed", "failed"),
    [(2, 3), (5, 5), (7, 3), (60, 30), (100, 0)],
)
def test_a_rate_that_may_be_chance_does_not(completed: int, failed: int) -> None:
    assert look(completed, failed) == []


def test_the_direction_is_the_text_of_the_specification() -> None:
    (finding,) = look(2, 8)
    assert finding.direction == "Analyze 7d success rate; suggest prompt/model/meta improvements."


def test_a_policy_without_heal_asks_for_none() -> None:
    snapshot = {"window": facts.window(2, 8), "finished": []}
    (finding,) = detect(snapshot, Settings(heal=False), T0)
    assert finding.direction is None


def test_the_message_says_how_sure_it_is() -> None:
    (finding,) = look(2, 8)
    assert finding.message == "2 of 10 tasks of 7 days completed, 20 % (90 % interval 7-46 %, threshold 70 %)"


def test_below_five_tasks_it_is_not_judged_and_says_so() -> None:
    (finding,) = look(0, 3)
    assert (finding.state, finding.message) == ("unknown", "too few to judge (0 of 3, 90 % interval 0-47 %)")


def test_the_last_twenty_fire_before_the_week_does() -> None:
    half_bad = "FC" * 9 + "FF"
    (finding,) = look(80, 11, half_bad)
    assert finding.message == "9 of the last 20 tasks completed"
    assert look(80, 11, "FC" * 10) == []


def test_nineteen_tasks_are_too_few_for_the_fast_rule() -> None:
    assert look(80, 11, ("FC" * 9 + "F")) == []


def test_five_failures_in_a_row_fire_and_four_do_not() -> None:
    (finding,) = look(80, 5, "FFFFFC")
    assert finding.message == "the last 5 tasks failed"
    assert look(80, 4, "FFFFC") == []


def test_an_open_issue_clears_only_well_above_the_threshold() -> None:
    was_open = {"issues": [facts.issue(low_success_rate.NAME)]}
    assert look(75, 25, **was_open)[0].state == "firing"
    assert look(80, 20, **was_open) == []


def test_an_open_issue_of_the_fast_rule_clears_at_sixteen_of_twenty() -> None:
    was_open = {"issues": [facts.issue(low_success_rate.NAME)]}
    assert look(85, 5, "C" * 15 + "F" * 5, **was_open)[0].message == "15 of the last 20 tasks completed"
    assert look(85, 5, "C" * 16 + "F" * 4, **was_open) == []


def test_heals_remedies_and_faults_of_the_environment_do_not_count() -> None:
    heals = facts.tasks("FFFFF", task_type="heal")
    remedies = facts.tasks("FFFFF", context={"condition": "gate_red"})
    outage = facts.tasks("FFFFF", error_class="network")
    snapshot = {"window": facts.window(80, 0), "finished": heals + remedies + outage}
    assert detect(snapshot, Settings(), T0) == []


def test_the_evidence_names_the_failed_tasks_and_the_latest() -> None:
    (finding,) = look(2, 8, "CFF")
    assert finding.evidence["tasks"] == ["t2", "t3"]
    assert finding.evidence["last_at"] == T0 - 120


@pytest.mark.parametrize("snapshot", [{}, {"window": None, "finished": []}, {"window": facts.window(0, 9)}])
def test_missing_data_is_unknown(snapshot: dict[str, Any]) -> None:
    assert [one.state for one in detect(snapshot, Settings(), T0)] == ["unknown"]
