from __future__ import annotations

import pytest

from nightrun.words import quantity


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20m", 1200), ("90s", 90), ("8h", 28800), ("250ms", 0.25), ("1h30m", 5400), ("2d", 172800), (45, 45), (0.5, 0.5)],
)
def test_a_duration_is_a_number_with_a_unit_or_seconds(text: object, seconds: float) -> None:
    assert quantity.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "20 min", "m", "-5s", -5, True, None, "1:30", "5s later", [1], float("inf")])
def test_anything_else_is_no_duration(text: object) -> None:
    with pytest.raises(ValueError, match="must be a duration such as 90s"):
        quantity.seconds(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1GiB", 1 << 30), ("5MiB", 5 << 20), ("1.5 KiB", 1536), ("2MB", 2_000_000), (7, 7), ("9B", 9)]
)
def test_a_size_is_a_number_with_a_unit_or_bytes(text: object, size: int) -> None:
    assert quantity.size(text) == size


@pytest.mark.parametrize("text", ["", "5", "GiB", -1, 1.5, False, "5 parsec"])
def test_anything_else_is_no_size(text: object) -> None:
    with pytest.raises(ValueError, match="must be a size such as 512KiB"):
        quantity.size(text)


@pytest.mark.parametrize("text", ["0s", "250ms", "1.5s", "90s", "20m", "90m", "8h", "1d", "2w"])
def test_a_duration_is_written_as_it_can_be_read(text: str) -> None:
    assert quantity.duration_text(quantity.seconds(text)) == text


@pytest.mark.parametrize("text", ["0B", "7B", "16KiB", "5MiB", "1GiB", "3TiB"])
def test_a_size_is_written_as_it_can_be_read(text: str) -> None:
    assert quantity.size_text(quantity.size(text)) == text
