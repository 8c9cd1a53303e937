from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import budget
from nightrun.decisions.budget import Budget
from nightrun.policy.model import Limits
from nightrun.words.agent import AgentSpec
from nightrun.words.outcome import Outcome
from tests.decisions.seen import used


def night(**limits: Any) -> Budget:
    return budget.of_night(Limits(**{f"night_{name}": one for name, one in limits.items()}))


def test_without_a_limit_nothing_is_ever_used_up() -> None:
    much = used(10_000, 1e9, rounds=500, cost_usd=(1e6, 10_000))
    for one in (budget.of_task(Limits()), night()):
        assert not one.is_set
        assert budget.used_up(much, one) == ""
        assert budget.seconds_left(much, one) is None


@pytest.mark.parametrize(
    ("limits", "spent", "said"),
    [
        ({"attempts": 3}, used(2), ""),
        ({"attempts": 3}, used(3), "3 of 3 attempts"),
        ({"rounds": 2}, used(9, rounds=2), "2 of 2 rounds"),
        ({"money": 2.0}, used(4, cost_usd=(1.99, 4)), ""),
        ({"money": 2.0}, used(4, cost_usd=(2.5, 4)), "2.50 of 2.00 USD"),
        ({"money": 2.0}, used(4, cost_usd=(2.5, 3)), "2.50 of 2.00 USD, told by 3 of 4 attempts"),
        ({"money": 2.0}, used(4), ""),  # unknown is not zero, and not too much either
        ({"tokens": 100}, used(1, input_tokens=(90, 1), output_tokens=(9, 1)), ""),
        ({"tokens": 100}, used(1, input_tokens=(90, 1), output_tokens=(10, 1)), "100 of 100 tokens"),
        ({"minutes": 1.5}, used(1, 89.0), ""),
        ({"minutes": 1.5}, used(1, 90.0), "1 min 30 s of 1 min 30 s"),
        ({"attempts": 1, "minutes": 1.0}, used(1, 61.0), "1 of 1 attempts; 1 min 1 s of 1 min"),
    ],
)
def test_what_of_the_night_is_used_up(limits: dict[str, Any], spent: dict[str, Any], said: str) -> None:
    assert budget.used_up(spent, night(**limits)) == said


def test_a_task_has_limits_of_its_own() -> None:
    one = budget.of_task(Limits(task_money=1.0, night_money=50.0))
    assert budget.used_up(used(1, cost_usd=(1.0, 1)), one) == "1.00 of 1.00 USD"
    assert "1.00 of 1.00 USD" in budget.question("1.00 of 1.00 USD")


def test_the_attempt_that_ends_counts_with_what_it_told() -> None:
    before = used(2, cost_usd=(0.5, 1))
    after = budget.with_attempt(before, {"cost_usd": 0.75, "input_tokens": "many"})
    assert after["cost_usd"] == {"sum": 1.25, "told": 2, "attempts": 2}
    assert after["input_tokens"] == before["input_tokens"]


def test_minutes_that_are_left_are_never_below_zero() -> None:
    assert budget.seconds_left(used(1, 30.0), night(minutes=2.0)) == 90.0
    assert budget.seconds_left(used(1, 300.0), night(minutes=2.0)) == 0.0


def test_the_end_of_the_night_costs_no_attempt_and_the_end_of_the_tasks_own_minutes_does() -> None:
    late = Outcome(kind="timeout", summary="too long")
    assert not budget.out_of_time(late, "night").costs_an_attempt
    mine = budget.out_of_time(late, "task")
    assert (mine.kind, mine.summary) == ("timeout", "it was ended because limits.task_minutes are used up")


def spec(kind: str) -> AgentSpec:
    return AgentSpec(name=kind, kind=kind, program=None)


def test_what_an_agent_does_not_tell_cannot_be_held_and_that_is_said() -> None:
    silent = budget.silent([spec("claude"), spec("codex"), spec("cursor")])
    assert silent == {"money": {"codex", "cursor"}, "tokens": {"cursor"}}
    assert budget.not_held(night(money=5.0, minutes=60.0), silent) == [
        "limits.night_money cannot be held for codex, cursor, which may not tell costs; the other limits hold"
    ]
    assert budget.not_held(night(minutes=60.0), silent) == []
    assert budget.not_held(night(money=5.0), budget.silent([spec("claude")])) == []
