from __future__ import annotations

from nightrun.decisions.rounds import FAILING_S, Rounds

T0 = 1_000.0


def test_a_part_is_hopeless_when_no_round_went_well_for_so_long() -> None:
    going = Rounds().after(well=False, now=T0)
    for step in (1.0, 30.0, FAILING_S - 0.1):
        going = going.after(well=False, now=T0 + step)
        assert not going.are_hopeless(T0 + step)
    assert going.are_hopeless(T0 + FAILING_S)


def test_one_good_round_clears_the_record() -> None:
    going = Rounds().after(well=False, now=T0).after(well=True, now=T0 + 80)
    assert not going.are_hopeless(T0 + 10 * FAILING_S)
    assert not going.after(well=False, now=T0 + 85).are_hopeless(T0 + 85 + FAILING_S / 2)


def test_a_part_that_has_not_gone_round_yet_is_not_hopeless() -> None:
    assert not Rounds().are_hopeless(T0)
