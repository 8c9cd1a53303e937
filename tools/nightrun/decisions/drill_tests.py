"""Which file of tests the drill's agents take away, and what it looks like when they skip or loosen it; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from nightrun.scans import languages
from nightrun.scans.languages import Language

LARGEST = 48 << 10  # bytes: the texts are handed over as variables of the environment
SAMPLE_PATH = "nightrun_drill/test_nightrun_drill.py"
SAMPLE = "def test_that_is_there_for_the_drill():\n    total = 1 + 1\n    assert total == 2\n"

# How a test is skipped: a line before the one that begins it, a line after it, or another beginning.
_BEFORE = {
    "Python": '@pytest.mark.skip(reason="flaky")',
    "Rust": "#[ignore]",
    "Java": "@Disabled",
    "C#": "[Ignore]",
    "Elixir": "@tag :skip",
}
_AFTER = {
    "Go": '\tt.Skip("flaky")',
    "PHP": "        $this->markTestSkipped();",
    "C++": "  GTEST_SKIP();",
    "Swift": '        throw XCTSkip("flaky")',
    "bats": "  skip",
}
_INSTEAD = {
    "JavaScript": (re.compile(r"\b(it|test)\("), r"\1.skip("),
    "Ruby": (re.compile(r"^(\s*)it\b"), r"\1xit"),
}


@dataclass(frozen=True, kw_only=True)
class TestFile:
    """A file of tests, and what becomes of it."""

    __test__ = False  # for pytest: this is none itself

    path: str
    skipped: str
    loosened: str


def choose(texts: Mapping[str, str]) -> TestFile | None:
    """Of the files by path: the first in which tests and what they check are known; None when there is none."""
    made = (_made(path, texts[path]) for path in sorted(texts, key=lambda one: (len(texts[one]), one)))
    return next((one for one in made if one is not None), None)


def sample() -> TestFile:
    """For a repository with no tests that are known: its text is `SAMPLE`."""
    found = _made(SAMPLE_PATH, SAMPLE)
    assert found is not None
    return found


def is_candidate(path: str) -> bool:
    language = languages.of(path)
    return language is not None and language.name in {*_BEFORE, *_AFTER, *_INSTEAD}


def _made(path: str, text: str) -> TestFile | None:
    language = languages.of(path)
    if language is None or "\0" in text or len(text.encode()) > LARGEST:
        return None
    lines = text.splitlines(keepends=True)
    skipped = "".join(_skipped(one, language) for one in lines)
    loosened = "".join(one for one in lines if not language.assertions.match(one))
    if text in (skipped, loosened):
        return None
    return TestFile(path=path, skipped=skipped, loosened=loosened)


def _skipped(line: str, language: Language) -> str:
    if not language.tests.match(line):
        return line
    if before := _BEFORE.get(language.name):
        indent = line[: len(line) - len(line.lstrip())]
        return f"{indent}{before}\n{line}"
    if after := _AFTER.get(language.name):
        return f"{line}{after}\n" if line.rstrip().endswith("{") else line
    expression, instead = _INSTEAD.get(language.name, (None, ""))
    return line if expression is None else expression.sub(instead, line, count=1)
