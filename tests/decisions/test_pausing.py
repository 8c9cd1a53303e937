"""What a fault of the environment pauses, and until when."""

from __future__ import annotations

import pytest

from nightrun.decisions import pausing
from nightrun.decisions.pausing import Pause
from nightrun.words.outcome import TASK_FAULTS, Outcome

NOW = 10_000.0


def of(kind: str, in_a_row: int = 1, resets_at: float | None = None) -> Pause | None:
    outcome = Outcome(kind=kind, summary="why", resets_at=resets_at)
    return pausing.of(outcome, "claude", in_a_row=in_a_row, now=NOW)


def test_a_limit_pauses_its_agent_until_the_stated_reset_and_a_minute() -> None:
    assert of("limit", resets_at=NOW + 7200) == Pause(scope="agent:claude", reason="limit: why", until=NOW + 7260)


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
    assert "make resume" in found.reason


def test_network_and_disk_pause_intake_for_longer_each_time() -> None:
    assert of("network") == Pause(scope="intake", reason="network: why", until=NOW + 60)
    assert of("network", 3) == Pause(scope="intake", reason="network: why", until=NOW + 240)
    assert of("disk", 9) == Pause(scope="intake", reason="disk: why", until=NOW + 1800)


@pytest.mark.parametrize("kind", [*TASK_FAULTS, "interrupted", "completed"])
def test_nothing_else_pauses(kind: str) -> None:
    assert of(kind) is None
