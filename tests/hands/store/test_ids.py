from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from nightrun.hands.store import ids
from nightrun.words.task import ID_PATTERN

times = st.lists(st.floats(min_value=0, max_value=3e10), min_size=2, max_size=50)


@given(times)
def test_ids_grow_even_when_the_clock_goes_back(clock: list[float]) -> None:
    made: list[str] = []
    for now in clock:
        made.append(ids.after(made[-1] if made else None, now))
    assert made == sorted(set(made))
    assert all(re.fullmatch(r"[a-z0-9]{11}", one) and ID_PATTERN.fullmatch(one) for one in made)


def test_a_later_time_gives_a_later_id() -> None:
    assert ids.after(None, 1_760_000_000.001) > ids.after(None, 1_760_000_000.0)


def test_foreign_ids_before_it_do_not_matter() -> None:
    assert ids.after("zz", 5.0) == ids.after(None, 5.0)
