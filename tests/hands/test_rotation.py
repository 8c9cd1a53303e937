from __future__ import annotations

import os
from pathlib import Path

from nightrun.hands import rotation


def test_a_small_log_stays(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    assert not rotation.rotate(log)
    log.write_bytes(b"x" * 9)
    assert not rotation.rotate(log, largest=10)
    assert log.stat().st_size == 9


def test_a_large_log_is_moved_and_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as writer:
        for number in range(8):
            writer.write(b"%d" % number * 10)
            assert rotation.rotate(log, largest=10, kept=3)
        writer.write(b"last")
    assert log.read_bytes() == b"last"
    older = {path.name: path.read_bytes()[:1] for path in tmp_path.glob("api.log.*")}
    assert older == {"api.log.1": b"7", "api.log.2": b"6", "api.log.3": b"5"}


def test_logs_together_stay_below_their_sum_and_the_oldest_go(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    now, day = 1_760_000_000.0, 86_400.0
    ages = {"very-old": 15 * day, "old": 3 * day, "new": day, "open": 60.0}
    for name, age in ages.items():
        (logs / name).write_bytes(b"x" * 100)
        os.utime(logs / name, (now - age, now - age))

    def left(largest: int) -> set[str]:
        rotation.trim(logs, largest=largest, now=now)
        return {one.name for one in logs.iterdir()}

    assert left(1000) == {"old", "new", "open"}
    assert left(250) == {"new", "open"}
    assert left(0) == {"open"}  # it may still be written to
    assert rotation.trim(tmp_path / "gone", now=now) == []
