from __future__ import annotations

import pytest

from nightrun.policy.model import Scan
from nightrun.scans.binaries import look
from nightrun.words.change import ScanFinding
from tests.scans import changes

SMALL = Scan(max_binary_size=100)


def found(**more: object) -> list[ScanFinding]:
    known: dict[str, object] = {"size": 101, "binary": True, "added": ()}
    return look(changes.of(changes.entry("logo.png", **{**known, **more})), SMALL)


def test_a_new_binary_file_above_the_limit_waits_for_a_person() -> None:
    (finding,) = found()
    assert (finding.path, finding.effect) == ("logo.png", "hold")
    assert finding.message.startswith("This new file is binary and has 101 bytes, more than the 100B of `scan.max_b")


def test_one_whose_lines_are_not_known_counts_as_binary() -> None:
    (finding,) = found(binary=False)
    assert "is binary, or too large to be read, and has" in finding.message


@pytest.mark.parametrize(
    "more",
    [
        {"size": 100},
        {"binary": False, "added": ((1, "text"),)},
        {"status": "M"},
        {"status": "D", "new_mode": 0, "size": 0},
    ],
    ids=["at the limit", "text", "was there before", "deleted"],
)
def test_others_pass(more: dict[str, object]) -> None:
    assert found(**more) == []


def test_one_that_only_got_another_name_passes() -> None:
    new = changes.entry("new.png", size=101, binary=True, added=())
    old = changes.entry("old.png", status="D", old_id=new.new_id, new_mode=0, size=0, binary=True, added=())
    assert look(changes.of(old, new), SMALL) == []
