from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nightrun.decisions import cleaning
from nightrun.decisions.cleaning import BRANCH, KEPT, LOG, PROMPT, RECOVERY, WORKTREE, Thing
from nightrun.words.task import Task

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC).timestamp()
DAY = 86_400.0
GIB = 1 << 30


def names(things: tuple[Thing, ...]) -> list[str]:
    return [one.name for one in things]


@pytest.mark.parametrize("kind", [WORKTREE, BRANCH, KEPT])
def test_work_goes_when_it_is_in_the_history_and_is_asked_about_when_not(kind: str) -> None:
    known, unknown = Thing(kind=kind, name="a", in_history=True), Thing(kind=kind, name="b")
    plan = cleaning.plan([known, unknown], {}, now=NOW)
    assert (names(plan.removed), names(plan.asked), plan.left) == (["a"], ["b"], ())
    assert plan.removed[0].why and plan.asked[0].why


@pytest.mark.parametrize("kind", [WORKTREE, BRANCH, KEPT, LOG, PROMPT])
def test_nothing_is_taken_from_an_attempt_that_is_needed(kind: str) -> None:
    thing = Thing(kind=kind, name="a", attempt="t.1", in_history=True, at=0.0, size=9 * GIB)
    plan = cleaning.plan([thing], {"t.1": "it runs"}, now=NOW)
    assert (plan.removed, plan.asked, plan.left[0].why) == ((), (), "it runs")


def test_branch_stays_with_the_worktree_that_has_it_checked_out() -> None:
    things = [
        Thing(kind=WORKTREE, name="w", attempt="t.1"),
        Thing(kind=BRANCH, name="b", attempt="t.1", in_history=True),
    ]
    plan = cleaning.plan(things, {}, now=NOW)
    assert (plan.removed, names(plan.asked)) == ((), ["w", "b"])


def test_logs_go_by_age_and_above_their_size_together_from_the_oldest_on() -> None:
    logs = [Thing(kind=LOG, name=str(days), at=NOW - days * DAY, size=GIB) for days in (1, 15, 2, 3)]
    assert sorted(names(cleaning.plan(logs, {}, now=NOW).removed)) == ["15", "3"]


def test_prompt_goes_when_its_attempt_is_long_over() -> None:
    things = [Thing(kind=PROMPT, name="old", at=NOW - DAY), Thing(kind=PROMPT, name="new", at=NOW - 60)]
    assert names(cleaning.plan(things, {}, now=NOW).removed) == ["old"]


@pytest.mark.parametrize(
    ("day", "goes"), [("2026-11-25", False), ("2026-11-11", False), ("2026-11-10", True), ("2026-13-99", False)]
)
def test_recovery_ref_is_kept_for_14_whole_days(day: str, goes: bool) -> None:
    ref = Thing(kind=RECOVERY, name=f"refs/nightrun/recovery/{day}/t.1-abc")
    assert bool(cleaning.plan([ref], {}, now=NOW).removed) is goes


def test_recovery_refs_of_one_attempt_do_not_meet() -> None:
    branch, kept = (
        Thing(kind=kind, name="x", attempt="t.1", sha=sha * 40) for kind, sha in ((BRANCH, "a"), (KEPT, "b"))
    )
    assert cleaning.recovery_ref(branch, now=NOW) == "refs/nightrun/recovery/2026-11-25/t.1-aaaaaaaaaaaa"
    assert cleaning.recovery_ref(kept, now=NOW) == "refs/nightrun/recovery/2026-11-25/t.1-bbbbbbbbbbbb"


@pytest.mark.parametrize(
    ("ref", "attempt"),
    [
        ("refs/heads/pipeline/t-1.2", "t-1.2"),
        ("refs/nightrun/kept/t-1.2/abc", "t-1.2"),
        ("refs/heads/pipeline/mine", ""),
        ("refs/heads/pipeline/mine/t.1", ""),
        ("refs/heads/main", ""),
    ],
)
def test_only_refs_of_attempts_are_ours(ref: str, attempt: str) -> None:
    assert cleaning.attempt_of(ref) == attempt


@pytest.mark.parametrize(
    ("status", "commit_state", "attempt", "needed"),
    [
        ("pending", "none", 1, True),
        ("running", "none", 2, True),
        ("needs_decision", "none", 1, True),
        ("completed", "held", 2, True),
        ("completed", "failed", 2, True),
        ("completed", "none", 2, True),
        ("completed", "landed", 2, False),
        ("completed", "held", 1, False),
        ("failed", "none", 2, False),
    ],
)
def test_task_that_is_not_done_with_needs_its_attempts(
    status: str, commit_state: str, attempt: int, needed: bool
) -> None:
    task = Task(id="t", direction="x", task_type="impl", status=status, commit_state=commit_state, attempt=2)
    assert bool(cleaning.needs(task, attempt, has_worktree=True)) is needed


def test_completed_task_without_a_worktree_needs_nothing() -> None:
    task = Task(id="t", direction="x", task_type="heal", status="completed", attempt=1)
    assert cleaning.needs(task, 1, has_worktree=False) == ""
