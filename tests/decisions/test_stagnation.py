from __future__ import annotations

from typing import Any

from nightrun.decisions import stagnation
from nightrun.words.outcome import Outcome

RED = Outcome(kind="gate", summary="`make test` failed: 3 of 20 in 1.2 s")


def after(*attempts: tuple[Outcome, str | None], answered_before: int | None = None) -> dict[str, Any] | None:
    """What is kept after these attempts; before attempt number `answered_before` a person answered."""
    kept, failures = None, 0
    for number, (outcome, change) in enumerate(attempts):
        failures = 0 if number == answered_before else failures
        kept = stagnation.step(kept, outcome, change=change, failures=failures)
        failures += outcome.costs_an_attempt
    return kept


def same(kept: dict[str, Any] | None) -> int:
    assert kept is not None
    return int(kept["same"])


def test_the_same_change_with_the_same_result_twice_more_asks_a_person() -> None:
    assert stagnation.question(after((RED, "t")), RED) == ""
    assert stagnation.question(after((RED, "t"), (RED, "t")), RED) == ""
    asked = stagnation.question(after((RED, "t"), (RED, "t"), (RED, "t")), RED)
    assert asked.startswith("3 attempts in a row came to the same files and the same result: `make test` failed")


def test_numbers_that_always_differ_make_no_other_result() -> None:
    slower = Outcome(kind="gate", summary="`make test` failed: 3 of 20 in 9.7 s")
    assert same(after((RED, "t"), (slower, "t"))) == 1


def test_another_change_or_another_result_is_progress() -> None:
    other = Outcome(kind="gate", summary="`make check` failed")
    assert same(after((RED, "t"), (RED, "t"), (RED, "u"))) == 0
    assert same(after((RED, "t"), (RED, "t"), (other, "t"))) == 0
    assert same(after((RED, "t"), (RED, "u"), (RED, "t"))) == 0


def test_a_fault_of_the_environment_between_them_says_nothing() -> None:
    limit = Outcome(kind="limit", summary="until 03:00")
    assert same(after((RED, "t"), (limit, None), (RED, "t"))) == 1
    assert stagnation.question(after((RED, "t"), (RED, "t"), (RED, "t"), (limit, None)), limit) == ""


def test_an_attempt_whose_change_nobody_knows_is_not_compared() -> None:
    crash = Outcome(kind="agent", summary="exit code 1")
    assert after((RED, "t"), (crash, None)) is None
    assert stagnation.question(None, crash) == ""


def test_after_an_answer_it_counts_anew() -> None:
    assert same(after((RED, "t"), (RED, "t"), (RED, "t"), (RED, "t"), answered_before=3)) == 0


def test_what_somebody_else_wrote_there_is_no_reason_to_fail() -> None:
    for odd in ("x", {"same": "many", "change": "t", "result": "r"}, [1]):
        kept = stagnation.step(odd, RED, change="t", failures=1)
        assert kept is not None and kept["same"] in (0, 1)
