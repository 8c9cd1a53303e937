from __future__ import annotations

import pytest

from nightrun.conditions.disk_low import Settings, detect
from tests.conditions.facts import T0

GIB = 1 << 30


@pytest.mark.parametrize(
    ("free", "total", "fires"),
    [
        (GIB - 1, 10 * GIB, True),
        (GIB, 10 * GIB, False),
        (5 * GIB - 1, 100 * GIB, True),
        (5 * GIB, 100 * GIB, False),
        (20 * GIB, 8000 * GIB, False),
    ],
)
def test_it_fires_below_the_floor_or_the_share(free: int, total: int, fires: bool) -> None:
    assert bool(detect({"disk_free_bytes": free, "disk_total_bytes": total}, Settings(), T0)) is fires


def test_the_message_is_for_people_and_no_heal_is_asked_for() -> None:
    (finding,) = detect({"disk_free_bytes": 512 << 20, "disk_total_bytes": 10 * GIB}, Settings(), T0)
    assert finding.message == "512.0 MiB of 10.0 GiB are free on the disk, below 1.0 GiB"
    assert finding.direction is None


def test_missing_data_is_unknown() -> None:
    assert [one.state for one in detect({"disk_free_bytes": 0}, Settings(), T0)] == ["unknown"]


@pytest.mark.parametrize(
    ("free", "total", "fires"),
    [(0, 0, False), (49, 1000, True), (50, 1000, False), (60_000, 16_000_000, False), (0, 1000, True)],
)
def test_inodes_that_run_out_are_a_full_disk_where_they_are_counted(free: int, total: int, fires: bool) -> None:
    room = {"disk_free_bytes": 50 * GIB, "disk_total_bytes": 100 * GIB}
    found = detect({**room, "disk_free_inodes": free, "disk_total_inodes": total}, Settings(), T0)
    assert [one.evidence["full"] for one in found] == ([free == 0] if fires else [])


def test_an_open_issue_is_over_when_a_tenth_more_is_free() -> None:
    issues = [{"condition": "disk_low"}]

    def fires(free: float) -> bool:
        facts = {"disk_free_bytes": int(free), "disk_total_bytes": 100 * GIB, "issues": issues}
        return bool(detect(facts, Settings(), T0))

    assert fires(5.4 * GIB)
    assert not fires(5.6 * GIB)


def test_a_full_disk_is_told_apart_from_one_that_fills_up() -> None:
    (full,) = detect({"disk_free_bytes": GIB - 1, "disk_total_bytes": 100 * GIB}, Settings(), T0)
    (low,) = detect({"disk_free_bytes": GIB, "disk_total_bytes": 100 * GIB}, Settings(), T0)
    assert (full.evidence["full"], low.evidence["full"]) == (True, False)
