from __future__ import annotations

from nightrun.policy.model import Scan
from nightrun.scans.size import look
from nightrun.words.change import Change
from tests.scans import changes

SMALL = Scan(max_files=3, max_file_size=100, max_total_size=250)


def sized(*sizes: int) -> Change:
    return changes.of(*(changes.entry(f"f{number}", size=size) for number, size in enumerate(sizes)))


def test_exactly_the_limits_pass() -> None:
    assert look(sized(100, 100, 50), SMALL) == []


def test_too_many_files_are_refused() -> None:
    (finding,) = look(sized(1, 1, 1, 1), SMALL)
    assert finding.effect == "refuse"
    assert finding.message == "The change touches 4 files, more than the 3 of `scan.max_files`: make it smaller."


def test_a_file_that_only_got_another_name_counts_once() -> None:
    before = {f"old/{number}": f"text {number}\n" for number in range(3)}
    after = {path.replace("old", "new"): text for path, text in before.items()}
    assert look(changes.change(before, after), SMALL) == []


def test_each_file_that_is_too_large_is_named() -> None:
    findings = look(sized(101, 5, 120), SMALL)
    assert [one.path for one in findings] == ["f0", "f2"]
    assert findings[0].message.startswith("The file has 101 bytes, more than the 100B of `scan.max_file_size`")


def test_the_sum_is_limited_and_the_largest_file_named() -> None:
    (finding,) = look(sized(80, 99, 80), SMALL)
    assert finding.path == "f1"
    assert "259 bytes together" in finding.message


def test_what_is_deleted_or_only_made_executable_has_no_size() -> None:
    gone = changes.entry("a", status="D", new_mode=0, size=0)
    mode = changes.entry("b", status="M", old_id="a", new_id="a", size=9_999)
    assert look(changes.of(gone, mode), SMALL) == []


def test_sizes_are_readable() -> None:
    (finding,) = look(sized(6 << 20), Scan())
    assert "6.0 MiB, more than the 5MiB" in finding.message
