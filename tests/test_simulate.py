"""What the simulations promise; `make simulate` shows all of their numbers."""

from __future__ import annotations

import pytest

from tests.bench import page
from tests.simulate import alarms, storm


@pytest.mark.parametrize("number", [0, *(pytest.param(one, marks=pytest.mark.soak) for one in (1, 2))])
def test_a_heal_storm_is_at_most_six_heals_and_takes_at_most_a_twentieth_of_the_slots(number: int) -> None:
    done = storm.run(storm.as_shipped, number)
    assert 1 <= len(done.heals) <= 6
    assert done.normal >= 0.95 * storm.SLOTS


@pytest.mark.soak
def test_without_caps_nearly_all_of_the_slots_are_heals() -> None:
    done = storm.run(storm.at_every_look, 0)
    assert len(done.heals) > 1_000
    assert done.normal < 0.2 * storm.SLOTS


def test_a_drop_is_found_once_and_healthy_days_are_quiet() -> None:
    found = alarms.measure(8, 5)["`low_success_rate` as it is shipped"]
    assert (found.false, found.found, found.most_fires) == (0, 1.0, 1)
    assert found.delay_h is not None and found.delay_h < 7 * 24


def test_simulations_and_matrix_have_parts_of_the_page_of_their_own() -> None:
    bare = page.with_results("", (), {})
    one = page.with_part(bare, "matrix", "## A\n")
    both = page.with_part(one, "simulations", "## B\n")
    assert both.startswith(bare) and both.index("## B") < both.index("## A")
    assert page.with_part(both, "matrix", "## A\n") == both
    assert "## A" not in page.with_part(both, "matrix", "## C\n")
    assert page.with_results(both, (), {}) == both
