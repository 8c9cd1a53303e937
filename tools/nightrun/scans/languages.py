"""How tests, assertions and skipped tests look in each language; a language that is not here is not judged."""

from __future__ import annotations

import re
from dataclasses import dataclass

NEVER = r"(?!)"


@dataclass(frozen=True)
class Language:
    """Expressions for one line each, but `files`, which is for the whole path."""

    name: str
    files: re.Pattern[str]  # paths of the files whose tests a test runner would find
    tests: re.Pattern[str]  # one test begins
    assertions: re.Pattern[str]  # something is checked
    exact: re.Pattern[str]  # of these, the ones that let one value or one error pass and nothing else
    skips: re.Pattern[str]  # a test, or a file of tests, is not run or may fail
    always_true: re.Pattern[str]  # a check that cannot fail
    comment: str  # how a line starts that says nothing


def _language(
    name: str,
    files: str,
    *,
    tests: str = NEVER,
    assertions: str = NEVER,
    exact: str = NEVER,
    skips: str = NEVER,
    always_true: str = NEVER,
    comment: str = "//",
) -> Language:
    return Language(
        name=name,
        files=re.compile(files),
        tests=re.compile(tests),
        assertions=re.compile(assertions),
        exact=re.compile(exact),
        skips=re.compile(skips),
        always_true=re.compile(always_true),
        comment=comment,
    )


_LITERALS_EQUAL = r"(?P<same>\d+|true|True|null|None|\"[^\"]*\"|'[^']*')\s*,\s*(?P=same)\s*[,)]"

LANGUAGES = (
    _language(
        "Python",
        r"(?:.*/)?(?:test[^/]*|[^/]*_tests?|conftest)\.py",
        tests=r"\s*(?:async\s+)?def\s+test",
        assertions=r"\s*assert\b|.*\bself\.(?:assert|fail)\w*\(|.*\.assert_\w+\(|.*\b(?:pytest\.)?(?:raises|warns)\(",
        exact=r"\s*assert\b.*(?:==|\bis\s+(?!not\b))|.*\bself\.assert(?:\w*Equals?|Is|IsNone|Raises\w*|Warns\w*)\("
        r"|.*\.assert_called_(?:once_)?with\(|.*\b(?:pytest\.)?(?:raises|warns)\(",
        skips=r"\s*@(?:pytest\.mark\.|unittest\.|mark\.)?(?:skip|skipif|skipIf|skipUnless|xfail|expectedFailure)\b"
        r"|\s*(?:raise\s+|return\s+)?(?:pytest\.(?:skip|xfail|importorskip)|self\.skipTest|unittest\.SkipTest)\b"
        r"|.*\b(?:marks|pytestmark)\s*=.*\bpytest\.mark\.(?:skip|skipif|xfail)\b"
        r"|\s*(?:__test__\s*=\s*False|collect_ignore(?:_glob)?\s*(?:=|\+=|\.))",
        always_true=r"\s*assert\s+(?:True|1|not\s+(?:False|None|0)|\"[^\"]+\"|'[^']+'"
        r"|(?P<name>[\w.]+)\s*==\s*(?P=name))"
        r"\s*(?:,.*|#.*)?$"
        r"|\s*assert\b.*\bor\s+(?:True|1)\s*(?:,.*|#.*)?$"
        rf"|.*\bself\.assert(?:True\(\s*True|False\(\s*False|IsNone\(\s*None|Equals?\(\s*{_LITERALS_EQUAL})",
        comment="#",
    ),
    _language(
        "JavaScript",
        r"(?:.*/)?(?:[^/]*[._-](?:test|spec|cy)|(?:__tests__|tests?|specs?|e2e|cypress)/(?:.*/)?[^/]*)\.[cm]?[jt]sx?",
        tests=r"\s*(?:it|test|specify|fit|xit|xtest)(?:\.\w+)*\s*\(",
        assertions=r".*(?:\bexpect(?:\.\w+)?\s*\(|\bassert(?:\.\w+)*\s*\(|\.should\b"
        r"|\bt\.(?:is|deepEqual|truthy|throws)\()",
        exact=r".*\.(?:to(?:Be|Equal|StrictEqual|Throw\w*|HaveLength|HaveBeenCalledWith|BeNull|BeUndefined)|equals?|eql|throws?"
        r"|rejects|is|(?:not)?(?:[sS]trict|[dD]eep)\w*[eE]qual)\s*\(",
        skips=r"\s*(?:(?:it|test|describe|context|suite|specify)(?:\.\w+)*\.(?:skip|only|todo|failing|fixme|skipIf)\b"
        r"|(?:xit|xtest|xdescribe|xcontext|fit|fdescribe)\s*\(|this\.skip\(\)|t\.skip\()",
        always_true=r".*\bexpect\s*\(\s*(?P<value>true|1|\"[^\"]*\"|'[^']*')\s*\)"
        r"\.to(?:Be|Equal|StrictEqual|\.be|\.equal)"
        r"(?:\(\s*(?P=value)\s*\)|Truthy\(\)|Defined\(\)|\.true\b|\.ok\b)"
        rf"|.*\bassert(?:\.ok|\.isTrue)?\s*\(\s*true\s*[,)]|.*\bassert\.\w*[eE]qual\s*\(\s*{_LITERALS_EQUAL}",
    ),
    _language(
        "Go",
        r"(?:.*/)?[^/]*_test\.go",
        tests=r"func\s+(?:\([^)]*\)\s*)?(?:Test|Fuzz|Example)\w*\s*\(|.*\bt\.Run\(",
        assertions=r".*\b(?:t|b|tb)\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\(|.*\b(?:assert|require)\.\w+\(",
        exact=r".*\b(?:assert|require)\.(?:\w*Equal\w*|Exactly|JSONEq|ErrorIs|Len|Same|Panics\w*)\(",
        skips=r".*\b(?:t|b|tb|s\.T\(\))\.(?:Skip|Skipf|SkipNow)\(|\s*//\s*(?:go:build|\+build)\s+(?:ignore|never|skip)",
        always_true=r".*\b(?:assert|require)\.(?:True\(\w+,\s*true|False\(\w+,\s*false|Nil\(\w+,\s*nil)\s*[,)]"
        rf"|.*\b(?:assert|require)\.Equal\(\w+,\s*{_LITERALS_EQUAL}",
    ),
    _language(
        "Rust",
        r".*\.rs",  # unit tests stand in the files of the code
        tests=r"\s*#\[(?:\w+::)*(?:test|rstest|test_case)\b",
        assertions=r".*\bassert(?:_eq|_ne|_matches)?!\s*[(\[{]",
        exact=r".*\bassert_(?:eq|matches)!|.*\bassert!\s*\(.*==",
        skips=r"\s*#\[(?:cfg_attr\(.*)?\bignore\b",
        always_true=rf".*\bassert!\s*\(\s*true\s*[,)]|.*\bassert_eq!\s*\(\s*{_LITERALS_EQUAL}",
    ),
    _language(
        "Java",
        r"(?:.*/)?(?:(?:test|androidTest|integrationTest|commonTest)/.*|[^/]*(?:Tests?|TestCase|IT|Spec)|Test[^/]*)"
        r"\.(?:java|kt|groovy|scala)",
        tests=r"\s*@(?:\w+\.)*(?:Test|ParameterizedTest|RepeatedTest|TestFactory|Property)\b|\s*(?:it|test)\s*\(\s*\"",
        assertions=r".*\b(?:assert\w*|verify|expectThat|assertThat)\s*[({]|.*\.should\w*\b|\s*assert\s",
        exact=r".*\b(?:assert(?:\w*Equals|Same|Throws\w*|FailsWith)|verify|isEqualTo\w*|isSameAs|containsExactly\w*|hasSize"
        r"|equalTo|shouldBe|shouldThrow)\b|\s*assert\s.*==",
        skips=r"\s*@(?:\w+\.)*(?:Disabled\w*|Ignore)\b|.*\b(?:assume(?:True|False|That)|Assumptions?\.\w+)\s*\("
        r"|\s*(?:ignore|xit|xtest)\s*\(",
        always_true=r".*\bassert(?:True\(\s*true|False\(\s*false|Null\(\s*null)\s*[,)]"
        rf"|.*\bassertEquals\(\s*{_LITERALS_EQUAL}",
    ),
    _language(
        "Ruby",
        r"(?:.*/)?(?:[^/]*_(?:spec|test)|test_[^/]*)\.rb",
        tests=r"\s*(?:it|specify|scenario|test|xit|fit)\s*[\"'({]|\s*def\s+test_",
        assertions=r".*\bexpect\s*[({]|\s*(?:assert|refute)\w*\b|.*\.(?:should|must_|wont_)\w*\b",
        exact=r".*\b(?:eq|eql|equal|match_array|contain_exactly|raise_error|assert_equal|assert_raises?|must_equal"
        r"|must_raise)\b",
        skips=r"\s*(?:xit|xdescribe|xcontext|xspecify|fit|fdescribe)\b|\s*(?:skip|pending)\b\s*(?:[\"'(]|$)"
        r"|.*,\s*(?:skip|pending):?\s*(?:=>)?\s*(?:true|[\"'])",
        always_true=r".*\bexpect\s*\(\s*true\s*\)\.to\s+(?:be\s+true|be_truthy|eq\(?\s*true)|\s*assert\s*\(?\s*true\b",
        comment="#",
    ),
    _language(
        "PHP",
        r"(?:.*/)?(?:[^/]*Test|tests?/(?:.*/)?[^/]*)\.php",
        tests=r"\s*(?:public\s+)?function\s+test|\s*#\[Test\]|\s*(?:it|test)\s*\(",
        assertions=r".*(?:->|::)(?:assert|expect)\w*\(|\s*expect\s*\(",
        exact=r".*(?:->|::)(?:assert(?:\w*Equals|Same|Count)|expectException\w*|toBe|toEqual|toThrow)\(",
        skips=r".*(?:->|::)mark(?:TestSkipped|TestIncomplete)\(|.*->(?:skip|todo|only)\(",
        always_true=r".*(?:->|::)assert(?:True\(\s*true|False\(\s*false|Null\(\s*null)\s*[,)]"
        rf"|.*(?:->|::)assert(?:Equals|Same)\(\s*{_LITERALS_EQUAL}",
    ),
    _language(
        "C#",
        r"(?:.*/)?(?:[^/]*Tests?|[^/]*\.(?:Tests?|Specs)/(?:.*/)?[^/]*)\.cs",
        tests=r"\s*\[(?:\w+,\s*)*(?:Fact|Theory|Test|TestCase|TestMethod|DataTestMethod)\b",
        assertions=r".*\b(?:\w*Assert)\.\w+(?:<.*>)?\(|.*\.Should\(\)",
        exact=r".*\bAssert\.(?:\w*Equal|\w*Same|Throws\w*)(?:<.*>)?\(|.*\.Should\(\)\.(?:Be|Equal|BeEquivalentTo|Throw)\w*\(",
        skips=r"\s*\[(?:\w+,\s*)*(?:Ignore|Explicit)\b|\s*\[.*\bSkip\s*=|.*\bAssert\.(?:Ignore|Inconclusive|Skip)\w*\(",
        always_true=r".*\bAssert\.(?:IsTrue|True)\(\s*true\s*[,)]"
        rf"|.*\bAssert\.(?:AreEqual|Equal)\(\s*{_LITERALS_EQUAL}",
    ),
    _language(
        "C++",
        r"(?:.*/)?(?:(?:test|tests|unittests?)/(?:.*/)?[^/]*|[^/]*_(?:unit)?tests?|test_[^/]*)\.(?:c|cc|cpp|cxx|m|mm)",
        tests=r"\s*(?:TYPED_TEST|TEST|TEST_F|TEST_P|TEST_CASE|SCENARIO|BOOST_AUTO_TEST_CASE)\s*\("
        r"|\s*(?:static\s+)?void\s+test_\w+\s*\(",
        assertions=r".*\b(?:EXPECT|ASSERT|CHECK|REQUIRE|BOOST_(?:CHECK|REQUIRE|TEST)|TEST_ASSERT)\w*\s*\("
        r"|.*\bassert\w*\s*\(",
        exact=r".*\b(?:EXPECT|ASSERT|TEST_ASSERT|BOOST_(?:CHECK|REQUIRE))_(?:\w*EQ\w*|THROW\w*)\s*\(|.*\b\w+\s*\(.*==",
        skips=r".*\b(?:GTEST_SKIP|SKIP|TEST_IGNORE\w*)\s*\(|.*\bTEST(?:_F|_P)?\s*\(.*\bDISABLED_",
        always_true=r".*\b(?:EXPECT_TRUE|ASSERT_TRUE|CHECK|REQUIRE|assert)\s*\(\s*(?:true|1)\s*\)",
    ),
    _language(
        "Elixir",
        r"(?:.*/)?[^/]*_test\.exs",
        tests=r"\s*(?:test|property)\s+\"",
        assertions=r"\s*(?:assert|refute)\w*\b",
        exact=r"\s*assert\w*\b.*(?:==|\s=\s)|\s*assert_raise\b",
        skips=r"\s*@(?:module)?(?:tag|describetag)\s+:?skip\b",
        always_true=r"\s*assert\s+true\s*$",
        comment="#",
    ),
    _language(
        "Swift",
        r"(?:.*/)?(?:[^/]*Tests?|Tests/(?:.*/)?[^/]*)\.swift",
        tests=r"\s*(?:\w+\s+)*func\s+test|\s*@Test\b",
        assertions=r".*\bXCT(?:Assert|Fail|Unwrap)\w*\(|.*#(?:expect|require)\(",
        exact=r".*\bXCTAssert(?:Equal|Identical|Throws\w*)\(|.*#(?:expect|require)\(.*(?:==|throws:)",
        skips=r".*\bXCTSkip\w*\(|.*\bthrow\s+XCTSkip|\s*@Test\(.*\.disabled|.*\bwithKnownIssue\b",
        always_true=r".*\bXCTAssert(?:True)?\(\s*true\s*[,)]|.*#expect\(\s*true\s*\)",
    ),
    _language(
        "bats",
        r".*\.bats",
        tests=r"\s*@test\b",
        assertions=r"\s*(?:\[\[?\s|assert\w*\b|refute\w*\b)",
        exact=r"\s*\[\[?\s.*(?:\s==?\s|\s-eq\s)|\s*assert_(?:equal|output|line|success|failure)\b",
        skips=r"\s*skip\b",
        always_true=r"\s*(?:true|:)\s*$",
        comment="#",
    ),
    # Settings can leave tests out as well.
    _language(
        "test settings",
        r"(?:.*/)?(?:pytest\.ini|\.?pytest\.toml|tox\.ini|setup\.cfg|pyproject\.toml|package\.json|\.mocharc\.\w+"
        r"|(?:jest|vitest|vite|playwright|karma)[^/]*\.config\.\w+|noxfile\.py)",
        skips=r".*(?:--deselect\b|--ignore(?:-glob)?=|\bcollect_ignore|-k[ =]+[\"']?not\s|-m[ =]+[\"']?not\s)"
        r"|.*\b(?:testPathIgnorePatterns|passWithNoTests|testIgnore|--passWithNoTests)\b",
        comment="#",
    ),
)


def of(path: str) -> Language | None:
    """The language that the tests of this file are in; None: no file of tests, or in a language not known here."""
    return next((one for one in LANGUAGES if one.files.fullmatch(path)), None)
