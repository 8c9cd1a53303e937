from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from nightrun.decisions import backlog, chain
from nightrun.words.task import Task

CHAIN = ("spec", "impl", "test", "review")


def item(text: str = "- [ ] Add a flag\n\n  `$(why)`\n") -> backlog.Item:
    return backlog.parse(text, "specs/backlog.md", CHAIN)[0]


def task_of(step: chain.Step, **more: Any) -> Task:
    made = Task(id="t1", direction=step.direction, task_type=step.task_type, context=step.context, status="completed")
    return replace(made, dedup_key=step.dedup_key, **more)


def said(task: Task, verdict: str, findings: str = "") -> Task:
    return replace(task, context={**task.context, "verdict": verdict, "findings": findings})


def after(task: Task, *, rounds: int = 3, following: str | None = None) -> chain.Step | None:
    return chain.after(task, rounds=rounds, following=following)


def walk(step: chain.Step | None, fails: dict[str, int], rounds: int = 3) -> list[str]:
    """What is worked on when each of `fails` says FAIL so many times; ? where a person is asked."""
    way: list[str] = []
    while step is not None and len(way) < 40:
        way.append(step.task_type + ("?" if step.needs_decision else ""))
        task = task_of(step)
        if fails.get(task.task_type, 0) > 0:
            fails[task.task_type] -= 1
            task = said(task, "FAIL", "no test")
        step = after(task, rounds=rounds)
    return way


def test_item_goes_through_its_chain() -> None:
    assert walk(chain.first(item()), {}) == ["spec", "impl", "test", "review"]
    assert walk(chain.first(item("1. [impl] Add")), {}) == ["impl"]


def test_steps_of_an_item_carry_direction_item_and_a_key_of_their_own() -> None:
    one = item()
    first = chain.first(one)
    assert first.direction == "Add a flag\n\n`$(why)`"
    assert first.dedup_key == f"item:{one.key}:1:spec"
    assert first.context["item"] == {
        "key": one.key,
        "file": "specs/backlog.md",
        "text": "Add a flag",
        "chain": ["spec", "impl", "test", "review"],
        "round": 1,
        "meta": False,
    }
    second = after(task_of(first))
    assert second is not None
    assert (second.direction, second.context, second.dedup_key) == (
        first.direction,
        first.context,
        f"item:{one.key}:1:impl",
    )


@pytest.mark.parametrize("verdict", ["PASS", "pass", "", None])
def test_only_fail_sends_back(verdict: Any) -> None:
    step = after(said(replace(task_of(chain.first(item())), task_type="test"), verdict))
    assert step is not None and step.task_type == "review"


def test_fail_sends_back_to_impl_with_the_findings_and_through_what_is_behind_it() -> None:
    assert walk(chain.first(item()), {"test": 1}) == ["spec", "impl", "test", "impl", "test", "review"]
    assert walk(chain.first(item()), {"review": 1}) == ["spec", "impl", "test", "review", "impl", "test", "review"]
    one = item("- [ ] [impl review] Add")
    review = after(task_of(chain.first(one)))
    assert review is not None
    back = after(said(task_of(review), "FAIL", "line 3: no test\nline 9"))
    assert back is not None and back.needs_decision is None
    assert (back.task_type, back.dedup_key) == ("impl", f"item:{one.key}:2:impl")
    assert (back.context["findings"], back.context["item"]["round"]) == ("line 3: no test\nline 9", 2)
    again = after(task_of(back))
    assert again is not None
    assert (again.dedup_key, "findings" in again.context) == (f"item:{one.key}:2:review", False)


def test_fail_without_impl_in_the_chain_goes_to_its_first_type() -> None:
    assert walk(chain.first(item("- [ ] [spec review] Add")), {"review": 1}) == ["spec", "review", "spec", "review"]
    assert walk(chain.first(item("- [ ] [test] Add")), {"test": 1}) == ["test", "test"]


def test_after_the_rounds_a_person_is_asked_each_time() -> None:
    way = walk(chain.first(item("- [ ] [impl test] Add")), {"test": 4}, rounds=3)
    assert way == ["impl", "test", "impl", "test", "impl", "test", "impl?", "test", "impl?", "test"]


def test_question_says_what_was_found_and_how_to_answer() -> None:
    review = replace(task_of(chain.first(item("- [ ] [impl review] Add"))), task_type="review", id="t9")
    step = after(said(review, "FAIL", "\n  no test for --all\nmore"), rounds=1)
    assert step is not None
    assert step.needs_decision == (
        "1 round ended with FAIL, the last one by review t9: no test for --all\n"
        "Say how to go on: nightrun decide ID \"...\" (make decide TASK=ID TEXT='...'). It goes back to impl then."
    )
    silent = after(said(review, "FAIL"), rounds=1)
    assert silent is not None and silent.needs_decision is not None and "it gave no findings" in silent.needs_decision


def test_task_without_an_item_is_followed_as_the_policy_says() -> None:
    task = Task(id="t7", direction="Do `it`\n", task_type="impl")
    step = after(task, following="review")
    assert step == chain.Step(task_type="review", direction="Do `it`\n", dedup_key="next:t7")
    assert after(task) is None


def test_fail_of_a_task_without_an_item_goes_to_impl_and_back() -> None:
    task = said(Task(id="t7", direction="Judge it", task_type="review"), "FAIL", "no test")
    back = after(task, following="test")
    assert back is not None
    assert (back.task_type, back.dedup_key, back.context["findings"]) == ("impl", "next:t7", "no test")
    again = after(replace(task_of(back), id="t8"), following="spec")
    assert again is not None and (again.task_type, again.dedup_key) == ("review", "next:t8")
    passed = after(replace(task_of(again), id="t9"), following="test")
    assert passed is not None and (passed.task_type, passed.context) == ("test", {})
    asked = after(said(task_of(again), "FAIL", "still none"), rounds=2)
    assert asked is not None and asked.needs_decision is not None


@pytest.mark.parametrize("verdict", ["PASS", "FAIL"])
def test_remedy_is_never_followed(verdict: str) -> None:
    task = Task(id="t1", direction="Repair it", task_type="impl", context={"condition": "gate_red"})
    assert after(said(task, verdict), following="review") is None
    assert chain.is_last(task, "review")


@pytest.mark.parametrize(
    "context",
    [
        {"item": "x"},
        {"item": {}},
        {"item": {"chain": ["impl", "test"], "round": 1}},
        {"item": {"key": "k", "file": "f", "text": "t", "chain": "impl", "round": 1}},
        {"item": {"key": "k", "file": "f", "text": "t", "chain": ["spec"], "round": 1}},
        {"item": {"key": "k", "file": "f", "text": "t", "chain": ["impl", "test"], "round": "1"}},
        {"way": {"chain": None}},
    ],
)
def test_context_that_is_no_item_is_none(context: dict[str, Any]) -> None:
    task = Task(id="t1", direction="Do it", task_type="impl", context=context)
    assert after(task) is None
    assert chain.latest([task]) == {}


def test_last_is_what_nothing_follows() -> None:
    first = task_of(chain.first(item("- [ ] [impl test] Add")))
    last = replace(first, task_type="test")
    assert (chain.is_last(first), chain.is_last(last), chain.is_last(last, "review")) == (False, True, True)
    assert chain.is_last(said(last, "FAIL"))  # what its completion with PASS would be
    plain = Task(id="t1", direction="Do it", task_type="impl")
    assert (chain.is_last(plain), chain.is_last(plain, "review")) == (True, False)


def test_item_is_where_its_furthest_task_is() -> None:
    first = task_of(chain.first(item("- [ ] [impl test] Add")))
    key = first.context["item"]["key"]
    test = said(replace(first, task_type="test", id="t2"), "FAIL")
    assert chain.latest([test, first]) == {key: test}
    assert not chain.is_over(test)
    back = after(test)
    assert back is not None
    again = replace(task_of(back), id="t3", status="running")
    assert chain.latest([again, test, first]) == {key: again}
    assert (chain.round_of(again), chain.round_of(Task(id="x", direction="d", task_type="impl"))) == (2, 1)
    passed = said(replace(task_of(back), task_type="test"), "PASS")
    assert chain.is_over(passed)
    assert not chain.is_over(replace(passed, status="failed"))
