from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightrun.flows import replay
from nightrun.words.errors import WrongUse
from nightrun.words.task import Task
from tests.story import write

TASKS = [{"at": 3600 * n, "status": "failed"} for n in range(1, 6)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("h.json", json.dumps(TASKS)),
        ("h.jsonl", "\n".join(map(json.dumps, TASKS)) + "\n"),
        ("h.yaml", "".join(f"- {{at: {one['at']}, status: failed}}\n" for one in TASKS)),
        ("series", '{"every": "1h", "results": "SSSSS"}'),
    ],
)
def test_each_form_of_file_is_read(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    found = replay.of_file(tmp_path, tmp_path / name)
    assert (found.looks, found.since, found.until) == (5, 3600.0, 18000.0)
    assert [one.condition for one in found.events] == ["repeated_failures", "low_success_rate"]
    assert json.loads(json.dumps(found.to_json()))["events"][0]["at"] == 10800.0


def test_the_policy_of_the_repository_counts(tmp_path: Path) -> None:
    gates = "".join(f"  {name}: {{gate: []}}\n" for name in ("spec", "impl", "test", "review"))
    settings = "monitor:\n  repeated_failures: {on: false}\n  low_success_rate: {on: false}\n"
    write(tmp_path, "pipeline.yaml", f"version: 1\ntask_types:\n{gates}{settings}")
    (tmp_path / "h.json").write_text(json.dumps(TASKS))
    assert replay.of_file(tmp_path, tmp_path / "h.json").events == []


@pytest.mark.parametrize(("name", "text"), [("a.json", '{"a": 1}\n{"a"'), ("a.yaml", "a: [1"), ("a.json", "\ufffe")])
def test_what_cannot_be_read_is_said_with_its_place(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(WrongUse, match=r"a\.(json|yaml)"):
        replay.of_file(tmp_path, tmp_path / name)


def test_everything_that_is_wrong_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "h.jsonl"
    path.write_text(
        '{"at": 1, "status": "failed"}\n\n{"at": "soon", "status": "failed"}\nnot json\n{"status": "odd"}\n'
    )
    with pytest.raises(WrongUse) as refused:
        replay.of_file(tmp_path, path)
    first, second, third = refused.value.message.splitlines()
    assert first.startswith(f"{path}:3: `at`: 'soon' is no time")
    assert second.startswith(f"{path}:4: this is no JSON")
    assert third.startswith(f"{path}:5: `status` is 'odd', and none of completed, failed,")
    assert "docs/PIPELINE-ATTENTION.md" in (refused.value.hint or "")


def test_what_a_run_left_is_a_history(tmp_path: Path) -> None:
    """Three tasks that fail in one way, and a heal that does not count."""
    failed = {"direction": "a secret", "output": "x", "error_class": "gate", "error_summary": "`make` failed: no"}
    tasks = [
        Task(id=f"t{n}", task_type="impl", status="failed", finished_at=3600.0 * n, **failed) for n in range(1, 121)
    ]
    tasks += [Task(id="h1", task_type="impl", status="failed", direction="", context={"condition": "gate_red"})]
    tasks += [Task(id="t999", task_type="impl", status="running", direction="")]

    class Pages:
        def tasks(self, *, limit: int, offset: int, order: str) -> tuple[list[Task], int]:
            assert order == "oldest"
            return tasks[offset : offset + limit], len(tasks)

    rows = list(replay.recorded(Pages()))  # type: ignore[arg-type]
    assert [one["id"] for one in rows] == [*(f"t{n}" for n in range(1, 121)), "h1"]
    assert "secret" not in json.dumps(rows)
    assert rows[-1]["context"] == {"condition": "gate_red"}
    path = tmp_path / "h.jsonl"
    path.write_text("".join(f"{json.dumps(one)}\n" for one in rows[:120]))
    events = replay.of_file(tmp_path, path).events
    assert (events[0].condition, events[0].at) == ("repeated_failures", 3 * 3600.0)
