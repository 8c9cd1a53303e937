from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nightrun import scans
from nightrun.decisions import scan_report
from nightrun.hands import git_change
from nightrun.scans.secrets import look
from tests.decisions.test_secret_patterns import MADE_UP
from tests.scans import changes
from tests.story import commit_all, git_out

TOKEN = MADE_UP["a GitHub token"]


def test_a_secret_is_refused_with_its_file_and_line() -> None:
    (finding,) = look(changes.adds(f"import os\n\nTOKEN = '{TOKEN}'\n"), changes.SETTINGS)
    assert (finding.path, finding.line, finding.effect) == ("src/app.py", 3, "refuse")
    assert finding.message.startswith("This holds a GitHub token (ghp_...): take it out")


@pytest.mark.parametrize("name", MADE_UP)
def test_no_message_shows_more_of_a_secret_than_its_first_four_characters(name: str) -> None:
    (finding,) = look(changes.adds(f"x = {MADE_UP[name]}\n"), changes.SETTINGS)
    begin, advice = finding.message.split("...): ")
    assert begin.startswith(f"This holds {name} (")
    assert len(begin) == len(f"This holds {name} (") + 4
    assert (
        advice == "take it out and read it from the environment; a real one must be replaced, since it was "
        "written to the disk."
    )


def test_the_line_is_the_one_in_the_new_file() -> None:
    before = "\n".join(f"line {number}" for number in range(50)) + "\n"
    change = changes.change({"a": before}, {"a": before.replace("line 30\n", f"line 30\n\n{TOKEN}\n")})
    assert changes.lines(look(change, changes.SETTINGS)) == [("a", 33)]


def test_comments_that_allow_a_secret_are_not_obeyed() -> None:
    text = f"KEY = '{TOKEN}'  # gitleaks:allow  # pragma: allowlist secret  # nosec  # noqa\n"
    assert look(changes.adds(text), changes.SETTINGS) != []


def test_a_private_key_is_found_over_several_lines() -> None:
    assert changes.lines(look(changes.adds(f"x\n{MADE_UP['a private key']}\n"), changes.SETTINGS)) == [
        ("src/app.py", 2)
    ]


def test_a_secret_that_only_moves_is_not_this_changes() -> None:
    line = f"TOKEN = '{TOKEN}'\n"
    assert look(changes.change({"a": line}, {"b": "# moved\n" + line}), changes.SETTINGS) == []


def test_a_secret_that_is_taken_out_is_no_finding() -> None:
    assert look(changes.change({"a": f"{TOKEN}\nx\n"}, {"a": "x\n"}), changes.SETTINGS) == []


def test_a_file_too_large_to_be_searched_waits_for_a_person() -> None:
    large = changes.entry("data.sql", size=3 << 20, added=())
    change = changes.of(large, changes.entry("small"), changes.entry("image", binary=True, added=(), size=9))
    assert look(change, changes.SETTINGS) == []
    (finding,) = look(replace(change, complete=False), changes.SETTINGS)
    assert (finding.path, finding.effect) == ("data.sql", "hold")


def test_the_last_of_a_hundred_thousand_lines_is_searched() -> None:
    entries = [
        changes.entry(f"src/{number}.py", added=tuple((at, f"value_{at} = task({at})") for at in range(1, 101)))
        for number in range(999)
    ]
    last = changes.entry("src/last.py", added=(*entries[0].added, (101, TOKEN)))
    assert changes.lines(look(changes.of(*entries, last), changes.SETTINGS)) == [("src/last.py", 101)]


@pytest.mark.parametrize("text", [TOKEN, MADE_UP["a private key"]])
def test_what_can_be_read_in_a_binary_file_is_searched(text: str) -> None:
    binary = changes.entry("image", binary=True, added=(), size=900, pieces=("x" * 20, f"tok = {text}\n"))
    (finding,) = look(changes.of(binary), changes.SETTINGS)
    assert (finding.path, finding.line, finding.effect) == ("image", None, "refuse")


def test_a_secret_in_the_name_of_a_new_file_is_refused_and_not_repeated() -> None:
    (finding,) = look(changes.of(changes.entry(f"keys/{TOKEN}")), changes.SETTINGS)
    assert finding.effect == "refuse"
    assert TOKEN not in scan_report.text([finding])
    assert scan_report.text([finding]).startswith("refused: secrets: keys/ghp_...: The name of this file holds")


def test_other_scans_repeat_no_secret() -> None:
    """A line of a test that goes, and where a link leads, are repeated in what is said of them."""
    before = {"tests/test_a.py": f"def test_a():\n    assert t == '{TOKEN}'\n"}
    change = changes.change(before, {"tests/test_a.py": "def test_a():\n    pass\n"})
    leaving = changes.of(changes.link("a", f"/x/{TOKEN}"))
    told = scan_report.text([*scans.look(change, changes.SETTINGS), *scans.look(leaving, changes.SETTINGS)])
    assert "weakened_tests: " in told and "links: " in told
    assert TOKEN not in told


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "latin-1"])
def test_a_secret_is_found_in_files_that_git_calls_binary(repo: Path, encoding: str) -> None:
    """Real objects: they landed before."""
    before = git_out(repo, "rev-parse", "HEAD^{tree}")
    (repo / "wide").write_bytes(f"\0\xe9 token = {TOKEN}\n".encode(encoding))
    commit_all(repo, "wide")
    after = git_out(repo, "rev-parse", "HEAD^{tree}")
    (finding,) = look(git_change.change(repo, before, after), changes.SETTINGS)
    assert (finding.path, finding.effect) == ("wide", "refuse")
    (repo / "wide").write_bytes((repo / "wide").read_bytes() + b"\0\0\0 and something else that is new")
    commit_all(repo, "more")
    assert look(git_change.change(repo, after, git_out(repo, "rev-parse", "HEAD^{tree}")), changes.SETTINGS) == []
