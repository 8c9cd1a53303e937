from __future__ import annotations

from typing import Any

import pytest

from nightrun.decisions import muting
from nightrun.words.issue import Finding
from tests.conditions import facts
from tests.conditions.facts import HOUR, T0


def finding(condition: str = "low_success_rate", state: str = "firing", **more: Any) -> Finding:
    return Finding(condition=condition, state=state, message="bad", direction="Do it.", **more)


def states(*findings: Finding, **snapshot: Any) -> dict[str, str]:
    return {one.condition: one.state for one in muting.muted(findings, snapshot)}


DISK = finding("disk_low", evidence={"full": True})


def test_a_full_disk_explains_everything_but_itself() -> None:
    said = states(DISK, finding(), finding("commit_failed"), finding("gate_red", "pending"))
    assert said == {
        "disk_low": "firing",
        "low_success_rate": "unknown",
        "commit_failed": "unknown",
        "gate_red": "unknown",
    }


def test_one_that_only_fills_up_explains_nothing() -> None:
    assert states(finding("disk_low", evidence={"full": False}), finding())["low_success_rate"] == "firing"


@pytest.mark.parametrize("condition", ["no_task_running", "orphan_running", "low_success_rate", "no_progress"])
def test_an_api_that_is_away_explains_what_only_it_could_tell(condition: str) -> None:
    assert states(finding("api_unreachable"), finding(condition))[condition] == "unknown"
    assert states(finding("api_unreachable", "pending"), finding(condition))[condition] == "firing"
    assert states(finding("api_unreachable"), finding("hooks_tampered"))["hooks_tampered"] == "firing"


def pause(scope: str, by: str = "nightrun") -> dict[str, Any]:
    return {"scope": scope, "by": by, "reason": "limit", "until": T0 + HOUR}


@pytest.mark.parametrize("condition", muting.OF_FAILURES)
def test_an_outage_that_stopped_intake_explains_failures(condition: str) -> None:
    assert states(finding(condition), pauses=[pause("intake")])[condition] == "unknown"
    assert states(finding(condition), pauses=[pause("intake", by="person")])[condition] == "firing"
    assert states(finding("disk_low"), pauses=[pause("intake")])["disk_low"] == "firing"


def test_a_paused_agent_explains_the_failures_of_its_tasks_alone() -> None:
    finished = [facts.task(1, "failed", agent="claude"), facts.task(2, "failed", agent="codex")]
    seen = [finding(evidence={"tasks": ["t1"]}), finding("output_empty", evidence={"tasks": ["t1", "t2"]})]
    said = states(*seen, pauses=[pause("agent:claude")], finished=finished)
    assert said == {"low_success_rate": "unknown", "output_empty": "firing"}


def test_a_finding_without_tasks_is_explained_when_all_agents_are_paused() -> None:
    attempts = [facts.attempt(1, "timeout", agent="claude"), facts.attempt(2, agent="codex")]
    both = [pause("agent:claude"), pause("agent:codex")]
    assert states(finding(), pauses=both, attempts=attempts)["low_success_rate"] == "unknown"
    assert states(finding(), pauses=both[:1], attempts=attempts)["low_success_rate"] == "firing"
    assert states(finding(), pauses=both)["low_success_rate"] == "firing"


def test_what_is_muted_says_why_and_asks_for_no_heal() -> None:
    said = muting.muted([DISK, finding()], {})[1]
    assert (said.message, said.direction) == ("not judged while the disk is full: bad", None)


# -- too much at once


def many(number: int, **more: Any) -> list[Finding]:
    return [finding("repeated_failures", fingerprint=f"f{n}", **more) for n in range(number)]


def gathered(findings: list[Finding], lately: int = 0, most: int = 10, **more: Any) -> list[Finding]:
    given: dict[str, Any] = {"opened": (), "known": (), **more}
    return muting.gathered(findings, given["opened"], given["known"], lately=lately, most=most)


def test_ten_new_issues_are_said_as_they_are() -> None:
    assert gathered(many(10)) == many(10)


def test_beyond_ten_the_rest_waits_and_one_issue_says_so() -> None:
    said = gathered([*many(12), finding("disk_low", severity="high")])
    firing = [one for one in said if one.state == "firing"]
    assert len(firing) == 11
    assert "disk_low" in {one.condition for one in firing}
    assert firing[-1].condition == muting.COLLECTIVE
    assert firing[-1].message == "3 more than the 10 new issues an hour that are shown: repeated_failures"
    assert firing[-1].evidence["findings"] == [f"repeated_failures f{n}: bad" for n in (9, 10, 11)]
    assert {one.direction for one in said if one.state == "pending"} == {None}


def test_open_issues_and_those_that_come_back_are_not_new() -> None:
    keys = [("repeated_failures", f"f{n}") for n in range(12)]
    assert gathered(many(12), opened=keys) == many(12)
    assert gathered(many(12), known=keys) == many(12)


def test_what_was_opened_within_the_hour_counts() -> None:
    issues = [{"condition": "a", "first_seen": T0 - n * HOUR / 4} for n in range(1, 9)]
    issues.append({"condition": muting.COLLECTIVE, "first_seen": T0})
    assert muting.opened_lately(issues, T0) == 3
    assert [one.state for one in gathered(many(3), lately=8)] == ["firing", "firing", "pending", "firing"]


def test_zero_is_no_limit() -> None:
    assert gathered(many(50), most=0) == many(50)


def test_a_target_that_is_red_itself_explains_failures_of_the_gate_alone() -> None:
    red = finding("gate_red")
    of_gate = finding("repeated_failures", evidence={"error_classes": ["gate"]})
    mixed = finding("repeated_failures", evidence={"error_classes": ["agent", "gate"]})
    assert states(red, of_gate)["repeated_failures"] == "unknown"
    assert states(red, mixed)["repeated_failures"] == "firing"
    assert states(red, finding())["low_success_rate"] == "firing"
    assert states(finding("gate_red", "pending"), of_gate)["repeated_failures"] == "firing"


def test_while_too_much_is_bad_at_once_no_further_kind_of_failure_is_an_issue() -> None:
    many, other = (finding("heal_futile", fingerprint=one) for one in ("many-at-once", "breaker"))
    new = finding("repeated_failures", fingerprint="impl:gate:1")
    opened = [facts.issue("repeated_failures", "impl:gate:1")]
    assert states(many, new)["repeated_failures"] == "unknown"
    assert states(many, new, issues=opened)["repeated_failures"] == "firing"
    assert states(many, finding("disk_low"))["disk_low"] == "firing"
    assert states(other, new)["repeated_failures"] == "firing"
