from __future__ import annotations

import os
from pathlib import Path

import pytest

from nightrun.hands import heartbeat
from nightrun.hands.heartbeat import Heart


def test_every_beat_moves_the_counter(tmp_path: Path) -> None:
    path = tmp_path / "monitor.json"
    heart = Heart(path)
    assert heartbeat.read(path) is None
    heart.beat()
    heart.beat()
    assert heartbeat.read(path) == (os.getpid(), 2)
    assert not list(tmp_path.glob("*.new"))


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"pid": 1}', '{"pid": "x", "counter": 1}', '{"pid": null}'])
def test_what_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "monitor.json"
    path.write_text(text)
    assert heartbeat.read(path) is None


def test_a_heart_that_cannot_write_does_not_stop_its_part(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "monitor.json"
    Heart(path).beat()
    assert not path.parent.exists()


def test_on_a_full_disk_the_heart_beats_on(tmp_path: Path) -> None:
    """Else the supervisor would take its parts for hung, and kill the one that tells about the disk."""
    path = tmp_path / "monitor.json"
    heart = Heart(path)
    heart.beat()
    before = path.stat().st_ino
    (tmp_path / "monitor.json.new").mkdir()  # no new file can be made
    for _ in range(20):
        heart.beat()
    assert heartbeat.read(path) == (os.getpid(), 21)
    assert path.stat().st_ino == before
