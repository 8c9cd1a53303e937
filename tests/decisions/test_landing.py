"""When a committed change may land, when it waits, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass

from nightrun.decisions import landing
from nightrun.words.task import Task


@dataclass(frozen=True)
class Forwarded:
    state: str
    detail: str = ""
    paths: tuple[str, ...] = ()


def task(state: str, **context: object) -> Task:
    return Task(id="t1", direction="d", task_type="impl", status="completed", commit_state=state, context=context)


def test_findings_hold_it_until_a_person_agrees() -> None:
    assert landing.held({}) is None
    assert landing.held({"held": ["Makefile is protected"]}) == (
        "a person must look at it first: Makefile is protected"
    )
    assert landing.held({"held": ["Makefile is protected"], "agreed": True}) is None


def test_an_overlap_names_the_files_and_what_ends_it() -> None:
    found = landing.words_of(Forwarded("overlap", paths=("a.py", "b.py")))
    assert found == "your uncommitted edits of a.py, b.py overlap with it; it lands once they are committed"
    assert landing.state_of("overlap") == "held"


def test_a_merge_in_progress_holds_it() -> None:
    found = landing.words_of(Forwarded("busy", "A merge is in progress in /x."))
    assert found == "A merge is in progress in /x. It lands when that is over."


def test_only_a_real_failure_is_called_failed() -> None:
    assert [landing.state_of(one) for one in ("overlap", "busy", "failed")] == ["held", "held", "failed"]


def test_what_waits_for_a_persons_word_is_not_tried_again() -> None:
    assert not landing.is_due(task("held", held=["x"]), None, 100.0)
    assert landing.is_due(task("held", held=["x"], agreed=True), None, 100.0)


def test_a_held_change_is_tried_soon_and_a_failed_one_later() -> None:
    assert landing.is_due(task("held"), 94.0, 100.0)
    assert not landing.is_due(task("held"), 96.0, 100.0)
    assert not landing.is_due(task("failed"), 94.0, 100.0)
    assert landing.is_due(task("failed"), 40.0, 100.0)
    assert landing.is_due(task("pending"), None, 100.0)


def test_a_conflict_names_paths_branch_and_tip() -> None:
    assert landing.conflict_words(["a"], "main", "0123456789abcdef") == (
        "it conflicts in a with what landed on main meanwhile (0123456789)"
    )


def test_a_person_is_asked_when_it_failed_often_enough() -> None:
    """Other failures of the task count as well: a conflict is one of them."""
    failed = Task(id="t1", direction="d", task_type="impl", status="completed", failures=1, branch="pipeline/t1.2")
    assert landing.question(failed, "it conflicts in a.py", attempts=3) == ""
    asked = landing.question(failed, "it conflicts in a.py", attempts=2)
    assert "cannot land: it conflicts in a.py. 2 attempts failed" in asked and "branch pipeline/t1.2." in asked
