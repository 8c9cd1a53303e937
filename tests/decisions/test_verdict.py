from __future__ import annotations

import pytest

from nightrun.decisions import verdict


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("fine\n\nVERDICT: PASS", "PASS"),
        ("bad\nVERDICT: FAIL\n \n\t\n", "FAIL"),
        ("bad\r\nVERDICT: FAIL\r\n", "FAIL"),
        ("VERDICT: PASS\nVERDICT: FAIL", "FAIL"),
    ],
)
def test_last_line_is_the_verdict(text: str, found: str) -> None:
    assert verdict.read(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PASS",
        "VERDICT: PASS\nbut look at it again",
        " VERDICT: PASS",
        "VERDICT: PASS.",
        "verdict: pass",
        "VERDICT:PASS",
        "**VERDICT: PASS**",
        "the line VERDICT: PASS",
        "VERDICT: PASS or VERDICT: FAIL",
        "VERDICT: MAYBE",
    ],
)
def test_anything_near_it_is_none(text: str) -> None:
    assert verdict.read(text) is None


def test_findings_stand_before_the_verdict() -> None:
    assert verdict.findings("\n1. a.py:3 is wrong\n2. no test\n\nVERDICT: FAIL\n") == "1. a.py:3 is wrong\n2. no test"
    assert verdict.findings("VERDICT: FAIL") == ""
    assert verdict.findings("no verdict\n") == "no verdict"
