from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import ballast, clock


def test_it_takes_real_room_and_gives_it_back(tmp_path: Path) -> None:
    assert ballast.keep(tmp_path, 1 << 20)
    state = (tmp_path / ballast.NAME).stat()
    assert state.st_size == 1 << 20 and state.st_blocks * 512 >= 1 << 20
    assert ballast.keep(tmp_path, 1 << 20)
    assert ballast.drop(tmp_path)
    assert not (tmp_path / ballast.NAME).exists()
    assert not ballast.drop(tmp_path)


def test_nothing_is_taken_from_a_disk_that_is_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "disk_free", lambda _path: (8 << 20) - 1)
    assert not ballast.keep(tmp_path, 1 << 20)
    assert not (tmp_path / ballast.NAME).exists()
    assert not ballast.keep(tmp_path / "no such folder", 1)
