from __future__ import annotations

from dataclasses import replace

import pytest

from nightrun.scans.weakened_tests import look, with_totals
from nightrun.words.change import Change, ScanFinding
from tests.scans import changes

TWO = """\
import calc


def test_add() -> None:
    assert calc.add(1, 2) == 3
    assert calc.add(-1, 1) == 0


def test_divide() -> None:
    with pytest.raises(ZeroDivisionError):
        calc.divide(1, 0)
"""
DIVIDE = TWO[TWO.index("def test_divide") :]
ADD = TWO.removesuffix(DIVIDE)
JAVA = "class CalcTest {\n    @Test\n    void adds() {\n        assertEquals(3, add(1, 2));\n    }\n"


def found(change: Change) -> list[ScanFinding]:
    findings = look(change, changes.SETTINGS)
    assert {one.effect for one in findings} <= {"hold"}
    return findings


def after(text: str, before: str = TWO, path: str = "tests/test_calc.py") -> list[ScanFinding]:
    return found(changes.change({path: before}, {path: text}))


def test_a_deleted_file_of_tests_is_held() -> None:
    (finding,) = found(changes.change({"tests/test_calc.py": TWO, "a": "x\n"}, {"a": "x\n"}))
    assert (finding.path, finding.line) == ("tests/test_calc.py", None)
    assert finding.message == (
        "2 tests and 3 assertions gone with this file; the first line of them is `def test_add() -> None:`."
    )


def test_a_test_taken_out_of_a_file_is_held() -> None:
    (finding,) = after(ADD)
    assert finding.message.startswith("1 test and 1 assertion gone from this file and not replaced; the first line")


def test_an_assertion_taken_out_of_a_test_is_held() -> None:
    (finding,) = after(TWO.replace("    assert calc.add(-1, 1) == 0\n", ""))
    assert finding.message.startswith("1 assertion gone from this file")
    assert "`assert calc.add(-1, 1) == 0`" in finding.message


@pytest.mark.parametrize("start", ["    # ", "    pass  # "])
def test_an_assertion_made_a_comment_is_held(start: str) -> None:
    (finding,) = after(TWO.replace("    assert calc.add(-1", f"{start}assert calc.add(-1"))
    assert finding.message.startswith("1 assertion gone")


def test_a_test_that_no_runner_finds_any_more_is_held() -> None:
    assert len(after(TWO.replace("def test_divide", "def later_divide"))) == 1
    assert len(found(changes.change({"tests/test_calc.py": TWO}, {"tests/calc_off.py": TWO}))) == 1


@pytest.mark.parametrize("loose", ["is not None", "!= 5", ">= 0", "in range(9)"])
def test_an_exact_check_that_gave_way_to_a_looser_one_is_held_with_both(loose: str) -> None:
    (finding,) = after(TWO.replace("== 3", loose))
    assert finding.message == (
        "1 exact check gave way to what lets more pass: `assert calc.add(1, 2) == 3` is gone,"
        f" `assert calc.add(1, 2) {loose}` is new."
    )


@pytest.mark.parametrize(
    "text",
    [
        TWO.replace("== 3", "== 4"),
        TWO.replace("assert calc.add(1, 2) == 3", "with pytest.raises(TypeError):\n        calc.add(1, 2)"),
        TWO + "    assert calc.add(1, 2) is not None\n",
        TWO.replace("import calc\n", "import calc\nassert calc\n"),
    ],
)
def test_checks_that_are_as_exact_as_before_or_more_are_no_finding(text: str) -> None:
    assert after(text) == []
    assert after(TWO, before=TWO.replace("== 3", "is not None")) == []


def test_a_skip_is_held_with_its_line() -> None:
    (finding,) = after(TWO.replace("def test_divide", "@pytest.mark.skip(reason='later')\ndef test_divide"))
    assert finding.line == 9
    assert finding.message == ("This line leaves tests out or lets them fail: `@pytest.mark.skip(reason='later')`.")


def test_a_check_that_cannot_fail_is_held_with_its_line() -> None:
    (finding,) = after(TWO.replace("assert calc.add(-1, 1) == 0", "assert True"))
    assert finding.line == 6
    assert finding.message == "This check can never fail: `assert True`."


@pytest.mark.parametrize(
    "text",
    [
        TWO + "\n\ndef test_more() -> None:\n    assert calc.add(2, 2) == 4\n",
        TWO.replace("== 0", "== 0.0"),
        TWO.replace("def test_add", "def test_adding"),
        DIVIDE + "\n\n" + ADD,
        TWO.replace("import calc\n", ""),
        TWO.replace("def test", "# why\n\ndef test"),
    ],
)
def test_tests_added_changed_or_moved_within_a_file_are_no_finding(text: str) -> None:
    assert after(text) == []


def test_tests_moved_to_another_file_are_no_finding() -> None:
    before = {"tests/test_calc.py": TWO}
    assert found(changes.change(before, {"tests/unit/test_calc.py": TWO})) == []
    assert found(changes.change(before, {"tests/test_a.py": ADD, "tests/test_b.py": DIVIDE})) == []
    assert (
        found(changes.change(before, {"tests/test_b.py": TWO.replace("== 0", "== 0.0").replace("1, 0", "2, 0")})) == []
    )


def test_a_renamed_file_that_lost_something_is_held_under_its_new_name() -> None:
    less = TWO.replace("    assert calc.add(-1, 1) == 0\n", "")
    (finding,) = found(changes.change({"tests/test_calc.py": TWO}, {"tests/test_b.py": less}))
    assert finding.path == "tests/test_b.py"
    assert finding.message.startswith("1 assertion gone from this file")


def test_new_tests_elsewhere_do_not_make_up_for_deleted_ones() -> None:
    other = JAVA.replace("adds", "greets").replace("add(1, 2)", "greet()")
    (finding,) = found(changes.change({"CalcTest.java": JAVA}, {"GreetTest.java": other}))
    assert finding.path == "CalcTest.java"
    assert finding.message.startswith("1 test and 1 assertion gone")


def test_a_test_with_an_annotation_may_move() -> None:
    assert found(changes.change({"CalcTest.java": JAVA}, {"unit/CalcTest.java": "package unit;\n" + JAVA})) == []


def test_assertions_in_the_code_of_rust_are_not_tests() -> None:
    code = "fn half(x: u32) -> u32 {\n    assert!(x % 2 == 0);\n    x / 2\n}\n"
    tests = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn halves() {\n        assert_eq!(half(4), 2);\n    }\n}\n"
    assert after("fn half(x: u32) -> u32 {\n    x / 2\n}\n", code, "src/lib.rs") == []
    (finding,) = after(code, code + tests, "src/lib.rs")
    assert finding.message.startswith("1 test and 1 assertion gone")


def test_settings_that_leave_tests_out_are_held() -> None:
    (finding,) = after(
        "[pytest]\naddopts = -ra --ignore=tests/test_calc.py\n", "[pytest]\naddopts = -ra\n", "pytest.ini"
    )
    assert finding.line == 2


@pytest.mark.parametrize("path", ["src/calc.py", "docs/testing.md", "tests/check.f90"])
def test_what_is_no_test_or_in_an_unknown_language_is_not_judged(path: str) -> None:
    assert after("", TWO, path) == []


def test_a_deleted_file_of_tests_whose_lines_are_not_known_is_held() -> None:
    gone = changes.entry("tests/test_huge.py", status="D", new_mode=0, size=0, added=())
    assert found(changes.of(gone)) == []
    (finding,) = found(replace(changes.of(gone), complete=False))
    assert finding.message == "This file was deleted; its name says that it held tests."


def test_quoted_lines_are_short_and_harmless() -> None:
    (finding,) = after(TWO.replace("def test_add() -> None", f"def test_\x1b[2J{'a' * 400}() -> None"), TWO + DIVIDE)
    assert len(finding.message) < 200
    (finding,) = after(f"@pytest.mark.skip('\x1b[2J{'a' * 400}')\n" + TWO)
    assert "\x1b" not in finding.message
    assert len(finding.message) < 200


def test_the_first_finding_of_a_file_says_how_many_it_had_and_has() -> None:
    less = ADD.replace("    assert calc.add(-1, 1) == 0\n", "    pytest.skip('later')\n")
    findings = after(less)
    told = with_totals(findings, lambda path: (TWO, less))
    assert [one.line for one in told] == [None, 6]
    assert told[0].message.startswith("1 test and 2 assertions gone from this file")
    assert told[0].message.endswith(" (this file: 2 tests and 3 assertions before, 1 test and 1 assertion after).")
    assert told[1] == findings[1]


def test_a_deleted_file_has_none_after_and_comments_are_not_counted() -> None:
    findings = found(changes.change({"tests/test_calc.py": TWO, "a": "x\n"}, {"a": "x\n"}))
    (told,) = with_totals(findings, lambda path: (f"# def test_not():\n{TWO}", ""))
    assert told.message.endswith("(this file: 2 tests and 3 assertions before, 0 tests and 0 assertions after).")


def test_findings_of_other_scans_have_no_totals() -> None:
    other = ScanFinding(scan="size", path="tests/test_calc.py", line=None, message="Large.", effect="hold")
    assert with_totals([other], lambda path: (TWO, "")) == [other]
