from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import state_file


def test_it_reads_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"a": [1]}')
    assert state_file.read(path) == {"a": [1]}
    assert state_file.read_object(path) == {"a": [1]}


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"nan,"])
def test_garbage_is_nothing(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(raw)
    assert state_file.read(path) is None
    assert state_file.read_object(path) == {}


def test_no_file_a_folder_or_a_list_is_no_object(tmp_path: Path) -> None:
    assert state_file.read_object(tmp_path / "none.json") == {}
    assert state_file.read_object(tmp_path) == {}
    (tmp_path / "list.json").write_text("[1]")
    assert state_file.read_object(tmp_path / "list.json") == {}
