from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightrun.policy import reading
from nightrun.policy.model import Policy

GATES = "task_types: {spec: {gate: []}, impl: {gate: [make test]}, test: {gate: []}, review: {gate: []}}\n"


def problems(text: str) -> list[str]:
    found = reading.read(text)
    assert isinstance(found, list), "no problem was found"
    return [str(problem) for problem in found]


def test_a_policy_with_nothing_but_gates_has_every_default() -> None:
    policy = reading.read("version: 1\n" + GATES)
    assert isinstance(policy, Policy)
    assert policy.task_types.impl.gate == (("make", "test"),)
    assert policy.limits == Policy().limits
    assert policy.committing_types == ("spec", "impl", "test", "review")


def test_a_section_with_every_line_commented_out_has_its_defaults() -> None:
    policy = reading.read(GATES + "scan:\n  #secrets: true\nagents:\n  claude:\n")
    assert isinstance(policy, Policy)
    assert policy.scan == Policy().scan
    assert "claude" in policy.agents


def test_a_misspelt_key_is_named_with_line_and_suggestion() -> None:
    text = "version: 1\n" + GATES + "limits:\n  atempts: 2\n"
    assert problems(text) == ["pipeline.yaml:4: limits.atempts: unknown key; did you mean attempts?"]


def test_a_key_in_the_wrong_place_is_told_where_it_belongs() -> None:
    assert problems(GATES + "subject_length: 72\n") == [
        "pipeline.yaml:2: subject_length: unknown key here; it belongs to commit.subject_length"
    ]


def test_every_problem_is_told_at_once_and_in_the_order_of_the_lines() -> None:
    text = (
        "version: 2\n"
        "project:\n"
        "  runners: 0\n"
        "  isolation: tree\n"
        "task_types:\n"
        "  imp: {}\n"
        "  test: {gate: [make test], commit: yes, agent: claud}\n"
        "  spec: {gate: make test, timeout: 20 min}\n"
        "  review: {commit: true, next: heal}\n"
        "  heal: {commit: true}\n"
        "backlog:\n"
        "  files: [/etc/passwd]\n"
        "  meta_ratio: 20%\n"
    )
    assert problems(text) == [
        "pipeline.yaml:1: version: must be 1, not 2",
        "pipeline.yaml:3: project.runners: must be at least 1, not 0",
        'pipeline.yaml:4: project.isolation: must be worktree or root, not "tree"; did you mean worktree?',
        "pipeline.yaml:6: task_types.imp: unknown key; did you mean impl?",
        'pipeline.yaml:7: task_types.test.agent: there is no agent "claud"; did you mean claude?',
        'pipeline.yaml:7: task_types.test.commit: must be true or false, not "yes"; write true',
        "pipeline.yaml:8: task_types.spec.gate: is one command; write a list of commands: [make test]",
        "pipeline.yaml:8: task_types.spec.timeout: must be a duration such as 90s, 20m, 1h30m or 250ms, "
        'or a number of seconds, not "20 min"',
        "pipeline.yaml:9: task_types.review.gate: is not set, but review commits; write the commands that check "
        "the work, such as [make test], or [] to say that nothing checks it on purpose",
        'pipeline.yaml:9: task_types.review.next: must be spec or impl or test or review, not "heal"',
        "pipeline.yaml:10: task_types.heal.commit: must be false: a heal leaves its change on its branch; "
        "let a condition ask for task_type: impl where the repair should be committed",
        "pipeline.yaml:12: backlog.files[0]: '/etc/passwd' is not inside the repository; "
        "write a path relative to its top folder",
        'pipeline.yaml:13: backlog.meta_ratio: must be a number, not "20%"; write 0.2',
    ]


def test_a_flaw_of_form_and_a_wrong_value_are_told_together() -> None:
    assert problems(GATES + "push: {}\npush: {block: non}\nlimits: {rounds: no}\n") == [
        "pipeline.yaml:3: push: is in line 2 already; remove one of the two",
        'pipeline.yaml:4: limits.rounds: must be a whole number, not "no"',
    ]


def test_a_wrong_value_is_not_also_called_missing() -> None:
    text = "task_types: {spec: {gate: 1}, impl: 5, test: {gate: []}, review: {gate: [[]]}}\n"
    assert [line.split(": ")[1] for line in problems(text)] == [
        "task_types.impl",
        "task_types.review.gate[0]",
        "task_types.spec.gate",
    ]


def test_the_key_on_of_a_condition_is_a_switch() -> None:
    policy = reading.read(GATES + "monitor:\n  interval: 10s\n")
    assert isinstance(policy, Policy)
    assert policy.monitor.interval == 10.0


@pytest.mark.parametrize("text", ["- a\n", "hello\n", "5\n", "a:\n\tb: 1\n", "a: [", "!!python/object:x {}\n"])
def test_a_text_that_is_no_mapping_is_refused(text: str) -> None:
    assert problems(text)


def test_the_file_is_named_as_it_was_given() -> None:
    found = reading.read("x: 1\n" + GATES, "other/policy.yaml")
    assert isinstance(found, list)
    assert str(found[0]).startswith("other/policy.yaml:1: x: ")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["gate", "on", "x"]), inner),
    max_leaves=6,
)


# In a fresh checkout the first text takes seconds: hypothesis makes its tables of Unicode then.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(st.dictionaries(st.sampled_from([*Policy.model_fields, "nonsense"]), VALUES, max_size=4))
def test_any_mapping_gives_a_policy_or_problems_and_never_an_exception(value: dict[str, object]) -> None:
    import json

    found = reading.read(json.dumps(value))
    assert isinstance(found, Policy) or all(str(problem).startswith("pipeline.yaml:") for problem in found)


@patient
@given(st.text(max_size=200))
def test_any_text_gives_a_policy_or_problems_and_never_an_exception(text: str) -> None:
    found = reading.read(text)
    assert found
    assert isinstance(found, list)
