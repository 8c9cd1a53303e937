"""What becomes of a task whose attempt did not complete."""

from __future__ import annotations

import pytest

from nightrun.decisions import retry
from nightrun.words.outcome import ENVIRONMENT_FAULTS, TASK_FAULTS, Outcome

NOW = 1_000.0
BACKOFF = (10.0, 30.0)


def after(kind: str, failures: int = 0, *, blameless: bool = False) -> retry.Next:
    outcome = Outcome(kind=kind)
    return retry.after(outcome, failures=failures, attempts=3, backoff=BACKOFF, now=NOW, blameless=blameless)


@pytest.mark.parametrize("kind", TASK_FAULTS)
def test_a_fault_of_the_task_costs_an_attempt_and_waits(kind: str) -> None:
    assert after(kind) == retry.Next(status="pending", costs_attempt=True, ready_at=NOW + 10)
    assert after(kind, 1) == retry.Next(status="pending", costs_attempt=True, ready_at=NOW + 30)


def test_the_last_attempt_fails_the_task() -> None:
    assert after("gate", 2) == retry.Next(status="failed", costs_attempt=True)


@pytest.mark.parametrize("kind", ENVIRONMENT_FAULTS)
def test_a_fault_of_the_environment_costs_nothing_however_often(kind: str) -> None:
    for failures in (0, 2, 50):
        assert after(kind, failures) == retry.Next(status="pending", costs_attempt=False, ready_at=NOW)


def test_the_wait_stays_at_the_last_of_the_policy() -> None:
    found = retry.after(Outcome(kind="agent"), failures=7, attempts=99, backoff=BACKOFF, now=NOW)
    assert found.ready_at == NOW + 30


def test_a_red_target_is_not_the_tasks_fault() -> None:
    assert after("gate", 2, blameless=True) == retry.Next(status="pending", costs_attempt=False, ready_at=NOW + 30)
