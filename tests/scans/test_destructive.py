from __future__ import annotations

from nightrun.scans.destructive import look
from nightrun.words.change import ScanFinding
from tests.scans import changes


def numbered(*numbers: range) -> str:
    return "".join(f"line {number}\n" for part in numbers for number in part)


def found(before: dict[str, str], after: dict[str, str]) -> list[ScanFinding]:
    return look(changes.change(before, after), changes.SETTINGS)


def test_much_that_goes_for_little_waits_for_a_person() -> None:
    (finding,) = found({"a": numbered(range(80)), "b": "x\n"}, {"a": numbered(range(10)), "b": "y\n"})
    assert (finding.path, finding.effect) == ("a", "hold")
    assert finding.message == "The change takes away 71 lines, and adds 1; most of them were in this file."


def test_deleted_files_are_counted_and_said() -> None:
    (finding,) = found({"a": numbered(range(60)), "b": "x\n"}, {})
    assert finding.message.startswith("The change takes away 61 lines, and 2 files with them, and adds 0;")


def test_fifty_lines_may_go() -> None:
    assert found({"a": numbered(range(50))}, {}) == []
    assert found({"a": numbered(range(51))}, {}) != []


def test_a_third_of_new_lines_is_enough() -> None:
    before, after = {"a": numbered(range(90))}, numbered(range(1000, 1030))
    assert found(before, {"b": after}) == []
    assert found(before, {"b": after.removesuffix("line 1029\n")}) != []


def test_a_file_under_another_name_takes_nothing_away() -> None:
    text = numbered(range(200))
    assert found({"old": text}, {"new": text}) == []
    assert found({"old": text, "b": "x\n"}, {"new": text, "b": "y\n"}) == []


def test_an_empty_change_is_none() -> None:
    assert found({}, {}) == []
