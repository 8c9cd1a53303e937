from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import history
from nightrun.words.errors import WrongUse

DAY = 86_400.0


def series(results: str, **more: Any) -> list[dict[str, Any]]:
    return history.snapshots({"start": 0, "every": "1h", "results": results, **more})


def test_a_series_is_one_look_at_the_end_of_each_task() -> None:
    looks = series("CF C*2")
    assert [one["now"] for one in looks] == [3600.0, 7200.0, 10800.0, 14400.0]
    assert [one["status"] for one in looks[-1]["finished"]] == ["completed", "completed", "failed", "completed"]
    assert looks[-1]["window"] == {"completed": 3, "failed": 1, "total": 4}


def test_f_fails_in_a_way_of_its_own_and_s_in_the_same() -> None:
    said = [one["error_summary"] for one in series("FFSS")[-1]["finished"]]
    assert said == ["the same", "the same", "failure c", "failure b"]


def test_fields_for_all_tasks_can_be_given() -> None:
    (task,) = series("S", task={"task_type": "test", "error_class": "limit"})[0]["finished"]
    assert (task["task_type"], task["error_class"]) == ("test", "limit")
    assert series("S", task={"error_class": "limit"})[0]["window"]["total"] == 0


def test_the_window_is_seven_days_and_there_are_looks_in_between() -> None:
    looks = series("CC", every="8d")
    assert looks[-1]["window"]["total"] == 1
    assert len(looks) == 2 + 191
    assert [one["window"]["total"] for one in looks[166:171]] == [1, 1, 1, 0, 0]


def test_tasks_of_the_api_are_a_history() -> None:
    tasks = [
        {"id": "b", "status": "failed", "finished_at": 200.0, "error_class": "agent", "task_type": "spec"},
        {"id": "a", "status": "completed", "finished_at": 100.0, "context": None},
        {"id": "c", "status": "running", "finished_at": None},
    ]
    looks = history.snapshots({"tasks": tasks, "total": 3})
    assert [[task["id"] for task in one["finished"]] for one in looks] == [["a"], ["b", "a"]]
    assert looks[1]["finished"][0]["error_class"] == "agent"
    assert looks[1]["attempts"][0]["task_id"] == "b"


def test_snapshots_are_taken_as_they_are_in_the_order_of_their_time() -> None:
    looks = history.snapshots([{"now": "1970-01-02", "runners": []}, {"now": 5}])
    assert looks == [{"now": 5.0}, {"now": DAY, "runners": []}]
    assert history.snapshots({"now": 5}) == [{"now": 5.0}]


@pytest.mark.parametrize("value", ["1970-01-02", "1970-01-02T00:00:00Z", "1970-01-02T02:00:00+02:00", DAY])
def test_moments(value: Any) -> None:
    assert history.moment(value) == DAY


@pytest.mark.parametrize(
    "wrong",
    [
        "text",
        3,
        None,
        [1],
        {"tasks": 3},
        [{"now": 1}, {"status": "failed", "at": 2}],
        [{"status": "failed"}],
        [{"at": 3}],
        {"results": "CXF"},
        {"results": "C", "every": "soon"},
        {"results": "C", "start": "yesterday"},
        [{"now": True}],
    ],
)
def test_what_is_no_history_is_refused_in_words(wrong: Any) -> None:
    with pytest.raises(WrongUse):
        history.snapshots(wrong)
