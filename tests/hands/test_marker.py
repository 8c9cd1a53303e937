from __future__ import annotations

from pathlib import Path

from nightrun.hands import marker


def test_the_mark_of_an_attempt_begins_with_that_of_its_repository(tmp_path: Path) -> None:
    assert marker.of_attempt(tmp_path, "t1", 2) == f"{marker.of_root(tmp_path)}t1.2"


def test_no_other_repository_has_a_mark_that_begins_like_it(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    assert not marker.of_attempt(inner, "t1", 1).startswith(marker.of_root(tmp_path))


def test_it_is_the_same_by_whatever_way_one_comes(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert marker.of_root(tmp_path / "link") == marker.of_root(tmp_path)
