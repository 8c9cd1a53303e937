from __future__ import annotations

from typing import Any

from nightrun.conditions.repeated_failures import Settings, detect
from tests.conditions import facts
from tests.conditions.facts import DAY, HOUR, T0


def look(finished: list[dict[str, Any]], **settings: Any) -> list[Any]:
    return detect({"finished": finished}, Settings(**settings), T0)


def failed(number: int, error: str = "make test: exit 2", **more: Any) -> dict[str, Any]:
    return facts.task(number, "failed", error_summary=error, **more)


def between(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """With one completed task of another type before the newest, so that they are not in a row."""
    return [facts.task(0, task_type="spec"), *rows]


def test_three_tasks_with_the_same_failure_fire() -> None:
    (finding,) = look(between(failed(1), failed(2), failed(3)))
    assert finding.state == "firing"
    assert finding.fingerprint.startswith("impl:gate:")
    assert finding.message == "3 tasks of type impl failed in the same way (gate): make test: exit 2"
    assert finding.evidence["tasks"] == ["t1", "t2", "t3"]


def test_two_do_not() -> None:
    assert look(between(failed(1), failed(2))) == []


def test_numbers_paths_and_ids_do_not_make_a_failure_another_one() -> None:
    errors = ("tests/test_a.py:12: 3 failed", "tests/test_b.py:7: 1 failed", "tests/x/test_c.py:99: 12 failed")
    assert len(look(between(*(failed(n, error) for n, error in enumerate(errors, 1))))) == 1


def test_other_errors_types_and_classes_are_other_failures() -> None:
    rows = between(failed(1, "no such file"), failed(2, "timed out"), failed(3, task_type="test"))
    assert look(rows) == []


def test_failures_of_more_than_a_day_ago_do_not_count_below_five() -> None:
    old = T0 - DAY - 1
    assert look(between(failed(1), failed(2), failed(3, finished_at=old))) == []
    rows = [failed(n, finished_at=T0 - 3 * DAY) for n in range(1, 6)]
    assert len(look(between(*rows))) == 1
    assert look(between(*rows[:4])) == []


def test_a_failure_after_which_three_tasks_of_its_type_completed_is_over() -> None:
    failures = [failed(n) for n in (10, 11, 12)]
    completed = [facts.task(n) for n in (1, 2, 3)]
    assert len(look([*completed[:2], *failures])) == 1
    assert look([*completed, *failures]) == []


def test_five_different_failures_in_a_row_fire() -> None:
    rows = [*(failed(n, letter) for n, letter in enumerate("abcde", 1)), facts.task(6)]
    (finding,) = look(rows)
    assert finding.fingerprint == "in-a-row"
    assert finding.message == "the last 5 tasks all failed (t1, t2, t3, t4, t5)"
    assert look(rows[1:]) == []
    assert look(rows, in_a_row=0) == []


def test_three_in_a_row_fire_when_tasks_of_several_types_failed_in_one_way() -> None:
    kinds = ("spec", "impl", "test")
    rows = [failed(n, f"tests/{kind}.py:{n}: 3 failed", task_type=kind) for n, kind in enumerate(kinds, 1)]
    (finding,) = look(rows)
    assert (finding.fingerprint, finding.evidence["tasks"]) == ("in-a-row", ["t1", "t2", "t3"])
    assert look([rows[0], rows[1], failed(3, "another", task_type="test")]) == []
    assert look([*rows[:2], {**rows[2], "error_class": "agent"}]) == []


def test_the_same_failure_in_a_row_is_one_finding() -> None:
    assert len(look([failed(1), failed(2), failed(3)])) == 1


def test_a_failed_heal_is_never_a_repeated_failure() -> None:
    assert look([failed(n, task_type="heal") for n in (1, 2, 3)]) == []


def test_interruptions_and_limits_do_not_count() -> None:
    assert look([failed(n, error_class=kind) for n, kind in enumerate(("limit", "interrupted", "setup"), 1)]) == []


def test_the_direction_asks_for_a_meta_item() -> None:
    (finding,) = look([failed(1), failed(2), failed(3)])
    asked = "Suggest meta-pipeline item to specs/007-meta-pipeline-backlog.md if root cause identified."
    assert asked in finding.direction
    assert "\n" not in finding.direction


def test_the_evidence_says_when_the_last_one_was() -> None:
    (finding,) = look([failed(1), failed(2), failed(3, finished_at=T0 - HOUR)])
    assert finding.evidence["last_at"] == T0 - 60


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({}, Settings(), T0)] == ["unknown"]


def test_a_row_of_failures_is_over_when_eight_of_the_last_ten_tasks_completed() -> None:
    evidence = {"last_at": T0 - 600, "tasks": ["t10", "t11", "t12"]}
    issue = facts.issue("repeated_failures", "in-a-row", evidence=evidence, message="the last 5 tasks all failed")

    def still(statuses: str, **settings: Any) -> list[Any]:
        rows = [one | {"error_summary": one["id"]} for one in facts.tasks(statuses)]
        return detect({"finished": rows, "issues": [issue]}, Settings(count=0, **settings), T0)

    (finding,) = still("CCCFFFFF")
    assert (finding.fingerprint, finding.evidence) == ("in-a-row", evidence)
    assert len(still("CCCCCCCFFF")) == 1
    assert still("CCFCCCFCCC") == []
    assert still("CCCFFFFF", row_cleared_by=0) == []
