"""What an attempt came to, from facts."""

from __future__ import annotations

import pytest

from nightrun.decisions import judging
from nightrun.words.agent import AgentEnd, AgentResult
from nightrun.words.gate import Gate
from nightrun.words.outcome import Outcome

FULL = "0 MiB are free on the disk"


def end(reason: str = "exit", code: int | None = 0) -> AgentEnd:
    return AgentEnd(code=code, reason=reason, output="out", seconds=1.0)


@pytest.mark.parametrize(
    ("reason", "said", "kind"),
    [
        ("timeout", "completed", "timeout"),
        ("silent", "agent", "silent"),
        ("stopped", "completed", "interrupted"),
        ("memory", "completed", "resources"),
        ("processes", "agent", "resources"),
    ],
)
def test_what_we_ended_is_called_so_whatever_the_agent_says(reason: str, said: str, kind: str) -> None:
    assert judging.of_agent(end(reason), AgentResult(kind=said)).kind == kind


def test_the_agents_own_failure_counts() -> None:
    result = AgentResult(kind="limit", summary="limit reached", resets_at=5.0)
    assert judging.of_agent(end(), result) == Outcome(
        kind="limit", summary="limit reached", output="out", resets_at=5.0
    )


def test_no_change_is_a_failure_unless_it_is_allowed() -> None:
    assert judging.of_change(changed=True, allowed=False, said="") is None
    assert judging.of_change(changed=False, allowed=True, said="") is None
    found = judging.of_change(changed=False, allowed=False, said="I could not\nfind  the file\n")
    assert found == Outcome(kind="no_change", summary="no file was changed; it said: find the file")


def test_a_failed_gate_says_which_command_and_keeps_the_end_of_its_output() -> None:
    gate = Gate(result="failed", tree="t", problem="`make` failed with exit code 2", output="x" * 30_000)
    found = judging.of_gate(gate)
    assert found is not None
    assert (found.kind, found.summary, len(found.output)) == ("gate", "`make` failed with exit code 2", 20_000)
    assert judging.of_gate(Gate(result="passed", tree="t")) is None
    assert judging.of_gate(Gate(result="none", tree="t")) is None


def test_a_verdict_that_is_wanted_must_be_there() -> None:
    assert judging.of_verdict(None, wanted=False, said="") is None
    assert judging.of_verdict("FAIL", wanted=True, said="") is None
    found = judging.of_verdict(None, wanted=True, said="well")
    assert found is not None and found.kind == "agent" and "VERDICT: PASS" in found.summary


@pytest.mark.parametrize("said", ["completed", "limit", "network"])
def test_silent_agent_that_had_said_all_is_judged_by_what_it_said(said: str) -> None:
    told = judging.of_agent(end("silent", None), AgentResult(kind=said, resets_at=5.0))
    assert (told.kind, told.resets_at) == (said, 5.0)


def test_failure_on_a_full_disk_is_nobodys_fault() -> None:
    failed = Outcome(kind="gate", summary="cc1: error", output="out")
    found = judging.of_disk(failed, lacking=FULL, before=None)
    assert found == Outcome(kind="disk", summary=f"when it ended, {FULL} (gate: cc1: error)", output="out")
    assert not found.costs_an_attempt


def test_work_that_was_begun_may_use_a_part_of_the_floor_and_no_more() -> None:
    gib, mib = 1 << 30, 1 << 20
    assert [judging.is_full(gib - used * mib, gib) for used in (0, 127, 129)] == [False, False, True]
    assert [judging.is_full(free * mib, 24 * mib) for free in (24, 21, 20)] == [False, False, True]
    assert not judging.is_full(0, 0)


def test_an_agent_that_filled_the_disk_is_excused_once() -> None:
    end = AgentEnd(code=-15, reason="disk", output="", seconds=1.0)
    found = judging.of_agent(end, AgentResult(kind="agent", summary="signal 15"))
    assert (found.kind, found.costs_an_attempt) == ("agent", True)
    assert "the disk became full" in found.summary
    first = judging.of_disk(found, lacking=FULL, before=None)
    assert first is not None
    assert first.kind == "disk"
    assert judging.of_disk(found, lacking=FULL, before={"class": "disk"}) is None


@pytest.mark.parametrize(
    ("kind", "lacking", "before"),
    [("gate", "", None), ("completed", FULL, None), ("limit", FULL, None), ("gate", FULL, {"class": "disk"})],
    ids=["enough room", "it went well", "another fault", "it filled the disk before"],
)
def test_other_ends_stay_what_they_are(kind: str, lacking: str, before: object) -> None:
    assert judging.of_disk(Outcome(kind=kind), lacking=lacking, before=before) is None


@pytest.mark.parametrize(
    ("kind", "slept_s", "excused"),
    [
        ("agent", 3600.0, True),
        ("timeout", 31.0, True),
        ("silent", 3600.0, True),
        ("gate", 3600.0, True),
        ("agent", 29.0, False),
        ("scan", 3600.0, False),  # what is in the change is there, asleep or not
        ("limit", 3600.0, False),
        ("completed", 3600.0, False),
    ],
)
def test_what_sleep_may_have_broken_is_nobodys_fault(kind: str, slept_s: float, excused: bool) -> None:
    found = judging.of_sleep(Outcome(kind=kind, summary="x"), slept_s=slept_s)
    assert (found is not None) is excused
    assert found is None or (found.kind, found.costs_an_attempt) == ("interrupted", False)
