from __future__ import annotations

from pathlib import Path

from nightrun.hands import build


def test_the_id_changes_with_content_and_name_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("1")
    first = build.build_id(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert build.build_id(tmp_path) == first
    (tmp_path / "a.py").write_text("2")
    second = build.build_id(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    assert len({first, second, build.build_id(tmp_path)}) == 3


def test_the_installed_package_has_an_id() -> None:
    assert len(build.build_id()) == 12
