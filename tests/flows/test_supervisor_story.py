from __future__ import annotations

import time
from typing import Any

import pytest

from nightrun.flows import supervisor_story
from nightrun.flows.supervisor_story import Story
from nightrun.hands import clock
from nightrun.hands.client import ApiAway, Client
from nightrun.words.task import Task
from tests.decisions import seen


class Answers(Client):
    """An API that says what it is given."""

    def __init__(self) -> None:
        self.shot: dict[str, Any] = seen.snapshot(runners=[])
        self.away: set[str] = set()
        self.moved_on: dict[str, Any] = {}  # what a task is by the time it is asked for

    def snapshot(self) -> dict[str, Any]:
        if "snapshot" in self.away:
            raise ApiAway("It is away.")
        return self.shot

    def task(self, task_id: str) -> Task:
        if task_id in self.away:
            raise ApiAway("It is away.")
        known = {"status": "completed", "commit_state": "none", "attempt": 1, **self.moved_on}
        return Task(id=task_id, task_type="impl", direction="Add a flag", **known)


@pytest.fixture
def client() -> Answers:
    return Answers()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def story(client: Answers, said: list[str]) -> Story:
    return Story(client, said.append, seen.NOW - 60, lively_s=0.0, always_lively=True, settle_s=0.0)


def test_a_move_is_told_once(story: Story, client: Answers, said: list[str]) -> None:
    assert story.follow()
    client.shot = seen.snapshot(runners=[], finished=[seen.task("t1", commit_state="none")])
    assert story.follow() and story.follow()
    assert said == ["impl t1 completed"]


def test_a_look_that_failed_in_its_middle_is_not_told_twice(story: Story, client: Answers, said: list[str]) -> None:
    story.follow()
    client.shot = seen.snapshot(runners=[], finished=[seen.task("t1"), seen.task("t2")])
    client.away = {"t2"}
    assert not story.follow()
    client.away = set()
    assert story.follow()
    assert said == ["impl t1 completed", "impl t2 completed"]


def test_a_task_that_moved_on_while_it_was_asked_for_is_told_once(
    story: Story, client: Answers, said: list[str]
) -> None:
    story.follow()
    client.shot = seen.snapshot(runners=[], unlanded=[seen.task("t1", commit_state="pending")])
    client.moved_on = {"commit_state": "landed", "commit_sha": "a" * 40}
    story.follow()
    client.shot = seen.snapshot(runners=[], finished=[seen.task("t1", commit_state="landed")])
    story.follow()
    assert said == ["impl t1 landed aaaaaaaaaa: Add a flag"]


def test_what_ended_before_the_run_is_not_told(story: Story, client: Answers, said: list[str]) -> None:
    client.shot = seen.snapshot(runners=[], finished=[seen.task("t1")])
    story.follow()
    assert said == []


def test_between_two_looks_it_asks_nothing(client: Answers, said: list[str]) -> None:
    story = Story(client, said.append, seen.NOW, lively_s=60.0)
    assert story.follow()
    assert not story.follow()


def test_who_waits_for_the_end_does_not_wait_for_the_next_look(client: Answers, said: list[str]) -> None:
    """With 60 s between two looks: the one that only confirms comes at once."""
    idle = {"name": "runner-1", "at": seen.NOW, "state": "idle", "backlog_open": 0}
    client.shot = seen.snapshot(runners=[idle], last_evaluation=seen.NOW)
    story = Story(client, said.append, seen.NOW - 60, lively_s=60.0, always_lively=True, settle_s=0.0)
    assert story.follow()
    end = time.monotonic() + 30
    while not story.is_over and time.monotonic() < end:
        time.sleep(0.01)
        story.follow()
    assert story.is_over
    client.shot["ready_count"] = 1
    time.sleep(supervisor_story.NEAR_END_S)
    assert story.follow() and not story.follow()


def test_one_look_is_not_enough_to_end_a_run(story: Story, client: Answers) -> None:
    idle = {"name": "runner-1", "at": seen.NOW, "state": "idle", "backlog_open": 0}
    client.shot = seen.snapshot(runners=[idle], last_evaluation=seen.NOW)
    story.follow()
    assert not story.is_over
    story.follow()
    assert story.is_over
    client.shot["ready_count"] = 1
    story.follow()
    assert not story.is_over


def test_the_monitor_gets_time_to_add_what_its_look_asks_for(story: Story, client: Answers) -> None:
    story.settle_s = 3600.0
    idle = {"name": "runner-1", "at": seen.NOW, "state": "idle", "backlog_open": 0}
    client.shot = seen.snapshot(runners=[idle], last_evaluation=seen.NOW)
    assert story.follow() and story.follow() and not story.is_over
    story.settle_s = 0.0
    assert story.follow() and story.is_over


def test_what_was_completed_may_land_before_the_run_counts_as_drained(
    story: Story, client: Answers, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = clock.monotonic()
    assert not story.is_drained(since)
    client.shot = seen.snapshot(runners=[], unlanded=[seen.task(commit_state="pending")])
    story.follow()
    assert not story.is_drained(since)
    monkeypatch.setattr(supervisor_story, "LANDING_S", -1.0)
    assert story.is_drained(since)
    client.shot["counts"]["running"] = 1
    story.follow()
    assert not story.is_drained(since)


def test_an_api_that_never_answered_is_no_success(story: Story, client: Answers) -> None:
    client.away = {"snapshot"}
    assert not story.follow()
    assert story.verdict(whole=True) == ["the API never answered"]


def test_only_failures_of_this_run_count(story: Story, client: Answers) -> None:
    client.shot["counts"]["failed"] = 7
    story.follow()
    assert story.verdict(whole=True) == []
    client.shot = seen.snapshot(runners=[], counts={**client.shot["counts"], "failed": 8})
    story.follow()
    assert story.verdict(whole=True) == ["failed: 1 more"]
