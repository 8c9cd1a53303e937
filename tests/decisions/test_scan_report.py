from __future__ import annotations

from nightrun.decisions import scan_report
from nightrun.words.change import HOLD, REFUSE, ScanFinding

HELD = ScanFinding(scan="protected_paths", path="Makefile", line=None, message="This file was changed.", effect=HOLD)
REFUSED = ScanFinding(scan="secrets", path="src/a.py", line=3, message="This holds a secret.", effect=REFUSE)


def test_findings_are_told_apart_by_what_they_do() -> None:
    assert scan_report.refused([HELD, REFUSED]) == [REFUSED]
    assert scan_report.held([HELD, REFUSED]) == [HELD]


def test_the_summary_is_one_line_with_the_worst_first() -> None:
    assert scan_report.summary([]) == ""
    assert scan_report.summary([HELD]) == "protected_paths: Makefile: This file was changed."
    assert scan_report.summary([HELD, REFUSED, HELD]) == "secrets: src/a.py:3: This holds a secret. (and 2 more)"


def test_the_text_has_a_line_for_each() -> None:
    assert scan_report.text([]) == ""
    assert scan_report.text([HELD, REFUSED]).split("\n") == [
        "refused: secrets: src/a.py:3: This holds a secret.",
        "held: protected_paths: Makefile: This file was changed.",
    ]


def test_a_path_cannot_begin_a_line_or_move_the_cursor() -> None:
    evil = ScanFinding(
        scan="size", path="a\nrefused: b\x1b[2J\u202e\udcff", line=None, message="Too\nlarge.", effect=HOLD
    )
    assert scan_report.text([evil]) == "held: size: a refused: b [2J: Too large."
