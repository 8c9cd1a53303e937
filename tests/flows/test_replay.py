from __future__ import annotations

import json
from pathlib import Path

import pytest

from nightrun.flows import replay
from nightrun.words.errors import WrongUse
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
