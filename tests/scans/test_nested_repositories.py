from __future__ import annotations

from nightrun.scans.nested_repositories import look
from nightrun.words.change import MODE_NESTED
from tests.scans import changes


def test_a_repository_inside_is_refused() -> None:
    (finding,) = look(changes.of(changes.nested("vendor/lib")), changes.SETTINGS)
    assert (finding.path, finding.effect) == ("vendor/lib", "refuse")
    assert "its files would not be saved" in finding.message


def test_a_submodule_at_another_commit_waits_for_a_person() -> None:
    (finding,) = look(changes.of(changes.nested("lib", old_mode=MODE_NESTED)), changes.SETTINGS)
    assert finding.effect == "hold"


def test_a_bare_repository_among_the_files_is_refused() -> None:
    names = ("HEAD", "config", "objects/info/packs", "refs/heads/main")
    (finding,) = look(changes.change({}, {f"data/x.git/{name}": "text\n" for name in names}), changes.SETTINGS)
    assert (finding.path, finding.effect) == ("data/x.git", "refuse")


def test_files_that_only_share_a_name_with_git_are_none() -> None:
    after = {"HEAD": "x\n", "src/objects/a.py": "x\n", "src/refs/b.py": "x\n", "objects": "x\n", "HEAD2/refs": "x\n"}
    assert look(changes.change({}, after), changes.SETTINGS) == []


def test_a_bare_repository_at_the_top_is_found() -> None:
    after = {"HEAD": "x\n", "objects/a": "x\n", "refs/b": "x\n"}
    assert [one.path for one in look(changes.change({}, after), changes.SETTINGS)] == ["HEAD"]
