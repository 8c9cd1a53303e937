from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import state_file


def test_it_reads_an_object(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": [1]}')
    assert state_file.read_object(path) == {"a": [1]}


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"nan", b"[1]", b"7"])
def test_anything_else_is_an_empty_one(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    assert state_file.read_object(path) == {}


def test_no_file_or_a_folder_is_an_empty_one(tmp_path: Path) -> None:
    assert state_file.read_object(tmp_path / "none.json") == {}
    assert state_file.read_object(tmp_path) == {}
