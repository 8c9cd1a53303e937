"""Tests are skipped and loosened as agents do it in each language, so that the scan has something to find."""

from __future__ import annotations

import pytest

from nightrun.decisions import drill_tests
from nightrun.policy.model import Scan
from nightrun.scans import weakened_tests
from nightrun.words import change as words
from nightrun.words.change import Change, Entry

FILES = {
    "tests/test_a.py": "class TestA:\n    def test_a(self):\n        assert f(1) == 2\n",
    "a.test.js": 'test("a", () => {\n  expect(f(1)).toBe(2);\n});\n',
    "a_test.go": "package a\n\nfunc TestA(t *testing.T) {\n\tif f(1) != 2 {\n\t\tt.Fatal(1)\n\t}\n}\n",
    "tests/a.rs": "#[test]\nfn a() {\n    assert_eq!(f(1), 2);\n}\n",
    "src/test/ATest.java": "class ATest {\n  @Test\n  void a() {\n    assertEquals(2, f(1));\n  }\n}\n",
    "a_spec.rb": 'it "adds" do\n  expect(f(1)).to eq(2)\nend\n',
    "ATest.php": "<?php\n    public function testA() {\n        $this->assertSame(2, f(1));\n    }\n",
    "ATests.cs": "    [Fact]\n    public void A() {\n        Assert.Equal(2, F(1));\n    }\n",
    "a_test.cc": "TEST(A, B) {\n  EXPECT_EQ(f(1), 2);\n}\n",
    "a_test.exs": '  test "adds" do\n    assert f(1) == 2\n  end\n',
    "ATests.swift": "    func testA() {\n        XCTAssertEqual(f(1), 2)\n    }\n",
    "a.bats": '@test "adds" {\n  [ "$(f 1)" = 2 ]\n}\n',
}


def numbered(lines: list[str]) -> tuple[tuple[int, str], ...]:
    return tuple(enumerate(lines, 1))


def findings(path: str, before: str, after: str) -> int:
    old, new = before.splitlines(), after.splitlines()
    entry = Entry(
        path=path,
        status=words.MODIFIED,
        old_mode=0o100644,
        new_mode=0o100644,
        old_id="1" * 40,
        new_id="2" * 40,
        size=len(after),
        removed=numbered([one for one in old if one not in new]),
        added=numbered([one for one in new if one not in old]),
    )
    return len(weakened_tests.look(Change(base="1" * 40, tree="2" * 40, entries=(entry,)), Scan()))


@pytest.mark.parametrize("path", FILES)
def test_the_scan_finds_what_is_done_to_a_test(path: str) -> None:
    made = drill_tests.choose({path: FILES[path]})
    assert made is not None
    assert findings(path, FILES[path], made.skipped) > 0
    assert findings(path, FILES[path], made.loosened) > 0


def test_the_smallest_file_with_tests_is_taken_and_never_another() -> None:
    made = drill_tests.choose({**FILES, "test_b.py": "X = 1\n", "notes.md": "def test_x(): assert 1"})
    assert made is not None
    assert made.path == "a.bats"
    assert drill_tests.choose({"test_b.py": "X = 1\n", "main.go": "func main() {}\n"}) is None


def test_the_sample_is_a_test_that_can_be_taken_away() -> None:
    made = drill_tests.sample()
    assert findings(made.path, drill_tests.SAMPLE, made.skipped) > 0
    assert findings(made.path, drill_tests.SAMPLE, made.loosened) > 0
