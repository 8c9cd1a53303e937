from __future__ import annotations

from nightrun.decisions import scan_report
from nightrun.words.change import HOLD, REFUSE, ScanFinding
from tests.decisions.test_secret_patterns import MADE_UP

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
    assert scan_report.text([evil]) == ('held: size: "a\\nrefused: b\\033[2J\\342\\200\\256\\377": Too large.')


def test_a_name_is_shown_as_git_shows_it() -> None:
    assert [scan_report.shown_path(one) for one in ("src/a.py", "caf\u00e9", 'a"b', "a\\b", "a b")] == [
        "src/a.py",
        "caf\u00e9",
        '"a\\"b"',
        '"a\\\\b"',
        "a b",
    ]


def test_a_secret_in_a_name_is_not_shown() -> None:
    name = f"keys/{MADE_UP['a GitHub token']}.txt"
    assert scan_report.shown_path(name) == "keys/ghp_....txt"
