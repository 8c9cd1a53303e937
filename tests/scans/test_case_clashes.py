from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest

from nightrun.hands import git_change
from nightrun.scans.case_clashes import look
from tests.scans import changes
from tests.story import commit_all, git_out, write


@pytest.mark.parametrize(
    ("there", "new"),
    [
        ("README.md", "Readme.MD"),
        ("src/app.py", "Src/app.py"),
        (unicodedata.normalize("NFC", "caf\u00e9"), unicodedata.normalize("NFD", "caf\u00e9")),
    ],
)
def test_a_new_name_that_differs_only_in_case_is_refused(there: str, new: str) -> None:
    change = replace(changes.change({}, {new: "x\n"}), paths=frozenset({there, new, "other"}))
    (finding,) = look(change, changes.SETTINGS)
    assert (finding.path, finding.effect) == (new, "refuse")
    assert f"the same name as `{there}`" in finding.message


def test_two_new_names_clash_with_each_other() -> None:
    findings = look(changes.change({}, {"a/X": "x\n", "a/x": "x\n"}), changes.SETTINGS)
    assert [one.path for one in findings] == ["a/X", "a/x"]


def test_what_clashed_before_is_not_the_changes_doing() -> None:
    change = replace(changes.change({"a": "x\n"}, {"a": "y\n", "b": "z\n"}), paths=frozenset({"a", "A", "b"}))
    assert look(change, changes.SETTINGS) == []


def test_a_file_that_only_got_another_case_does_not_clash(repo: Path) -> None:
    before = git_out(repo, "rev-parse", "HEAD^{tree}")
    git_out(repo, "mv", "README.md", "readme.md")
    commit_all(repo, "another case")
    assert look(git_change.change(repo, before, git_out(repo, "rev-parse", "HEAD^{tree}")), changes.SETTINGS) == []


def test_a_file_that_the_change_does_not_touch_is_seen(repo: Path) -> None:
    before = git_out(repo, "rev-parse", "HEAD^{tree}")
    blob = git_out(repo, "hash-object", "-w", str(write(repo, "new", "x\n")))
    (repo / "new").unlink()
    git_out(repo, "update-index", "--add", "--cacheinfo", f"100644,{blob},ReadMe.md")
    (finding,) = look(git_change.change(repo, before, git_out(repo, "write-tree")), changes.SETTINGS)
    assert finding.path == "ReadMe.md"
