"""What a fault of the environment pauses, and until when."""

from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import pausing
from nightrun.decisions.pausing import Pause
from nightrun.words.outcome import TASK_FAULTS, Outcome

NOW = 10_000.0


def of(kind: str, in_a_row: int = 1, resets_at: float | None = None) -> Pause | None:
    outcome = Outcome(kind=kind, summary="why", resets_at=resets_at)
    return pausing.of(outcome, "claude", in_a_row=in_a_row, now=NOW)


def test_a_limit_pauses_its_agent_until_the_stated_reset_and_a_moment() -> None:
    assert of("limit", resets_at=NOW + 7200) == Pause(scope="agent:claude", reason="limit: why", until=NOW + 7203)


def test_a_reset_that_is_over_already_is_not_believed_at_once() -> None:
    found = of("limit", resets_at=NOW - 500)
    assert found is not None and found.until == NOW + 60


def test_a_limit_without_a_reset_is_probed_ever_more_rarely_up_to_an_hour() -> None:
    waits = [found.until - NOW for n in (1, 2, 3, 9) if (found := of("limit", n)) and found.until]
    assert waits == [900, 1800, 3600, 3600]


@pytest.mark.parametrize("kind", ["auth", "setup"])
def test_login_and_setup_wait_for_a_person(kind: str) -> None:
    found = of(kind)
    assert found is not None
    assert (found.scope, found.until) == ("agent:claude", None)
    assert "`nightrun agents check claude`" in found.reason and "make resume" in found.reason


def test_network_and_disk_pause_intake_for_longer_each_time() -> None:
    assert of("network") == Pause(scope="intake", reason="network: why", until=NOW + 60)
    assert of("network", 3) == Pause(scope="intake", reason="network: why", until=NOW + 240)
    assert of("disk", 9) == Pause(scope="intake", reason="disk: why", until=NOW + 1800)


@pytest.mark.parametrize("kind", [*TASK_FAULTS, "interrupted", "completed"])
def test_nothing_else_pauses(kind: str) -> None:
    assert of(kind) is None


# -- the same again


def tried(*words: str, agent: str = "claude", apart: float = 100.0) -> list[dict[str, Any]]:
    """Attempts, oldest first here and newest first as they are given, each of 10 s; the last ended before NOW."""
    rows = [
        {"agent": agent, "outcome": word.partition(" ")[0], "error_summary": word.partition(" ")[2] or None}
        | {"started_at": NOW - apart * n - 10, "ended_at": NOW - apart * n}
        for n, word in zip(range(len(words), 0, -1), words, strict=True)
    ]
    return rows[::-1]


def rows(ended: list[dict[str, Any]], kind: str = "network", summary: str = "refused 10:00:01") -> tuple[int, int]:
    outcome = Outcome(kind=kind, summary=summary)
    in_a_row = pausing.in_a_row(ended, outcome, "claude", began=NOW)
    return in_a_row, pausing.same_in_a_row(ended, outcome, "claude", began=NOW)


def test_faults_are_in_a_row_until_something_else_happens() -> None:
    assert rows([]) == (1, 1)
    assert rows(tried("network refused 09:00:00", "network refused 09:30:00")) == (3, 3)
    assert rows(tried("network refused 09:00:00", "completed")) == (1, 1)
    assert rows(tried("network refused 09:00:00", "waiting")) == (2, 2)
    assert rows(tried("auth 401")) == (1, 1)
    assert rows(tried("network the server said 502")) == (2, 1)


def test_what_another_agent_did_meanwhile_ends_the_row_of_all_but_not_of_the_agent() -> None:
    ended = tried("network refused 09:00:00", apart=200.0)
    assert rows([*tried("completed", agent="codex", apart=50.0), *ended]) == (2, 1)
    during = {"agent": "codex", "outcome": "completed", "error_summary": None, "started_at": NOW, "ended_at": NOW + 5}
    assert rows([during, *ended]) == (2, 1)


def test_faults_of_four_runners_at_once_are_one() -> None:
    at_once = [{**one, "started_at": NOW - 20, "ended_at": NOW + 1} for one in tried(*["limit spent"] * 3)]
    assert rows(at_once, "limit", "spent") == (1, 1)


def test_the_same_fault_twice_in_a_row_stops_intake_for_as_long_as_its_agent() -> None:
    fault = Outcome(kind="auth", summary="401")
    agent = pausing.of(fault, "claude", in_a_row=2, now=NOW)
    assert pausing.of_intake(fault, "claude", agent, same=1, now=NOW) is None
    found = pausing.of_intake(fault, "claude", agent, same=2, now=NOW)
    assert found == Pause(
        scope="intake", reason="agent claude had the same fault 2 times in a row: auth: 401", until=None
    )
    about = {"scope": found.scope, "reason": found.reason}
    assert pausing.is_about(about, "claude") and not pausing.is_about(about, "codex")


def test_a_fault_of_the_machine_without_a_class_of_its_own_stops_intake_ever_longer() -> None:
    fault = Outcome(kind="interrupted", summary="git worktree add failed")
    stops = [pausing.of_intake(fault, "claude", None, same=n, now=NOW) for n in (1, 2, 3, 9)]
    assert [one and one.until and one.until - NOW for one in stops] == [None, 300, 600, 1800]
