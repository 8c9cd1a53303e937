"""Whole files or none."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from nightrun.hands import files


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")
    files.write(path, "new \N{WHITE HEAVY CHECK MARK}")
    assert path.read_text() == "new \N{WHITE HEAVY CHECK MARK}"
    assert [p.name for p in tmp_path.glob(".*.new")] == []


def test_it_is_readable_for_its_owner_alone_unless_asked(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        files.write(tmp_path / "a", b"x")
        files.write(tmp_path / "b", b"x", mode=0o755)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o755


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state"
    path.write_text("old")

    def broken(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(OSError, match="No space"):
        files.write(path, "new")
    assert path.read_text() == "old"
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["state"]


def test_the_file_and_its_folder_are_made_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = []
    monkeypatch.setattr(os, "fsync", lambda fd: kinds.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    files.write(tmp_path / "state", "x")
    assert kinds == [False, True]


def test_json_comes_back(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"a": [1, "\u00e9"]})
    assert files.read_json(tmp_path / "a.json") == {"a": [1, "\u00e9"]}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")])
def test_a_broken_file_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert files.read_json(tmp_path / "a.json") is None


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    assert files.read_json(tmp_path / "a.json") is None
