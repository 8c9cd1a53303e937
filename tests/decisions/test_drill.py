"""The table of a drill says what is caught, what nothing here can stop and what is not caught; its policy is valid."""

from __future__ import annotations

import json

from nightrun import drills
from nightrun.decisions import drill
from nightrun.decisions.drill import Row
from nightrun.drills.found import Finding
from nightrun.policy import reading
from nightrun.policy.model import Policy

ENV = {one.name: {"TAG": "123"} for one in drills.ALL}
REACH = {"writable": ["/somewhere/out"]}


def row(verdict: str, rule: str = "") -> Row:
    return Row(name="x", does="does", should="should", happened="a | b", verdict=verdict, rule=rule)


def judged(name: str, caught: bool, *, sandboxed: bool = False) -> str:
    return drill.row(drills.BY_NAME[name], Finding(caught, "so"), 1.0, sandboxed=sandboxed).verdict


def test_what_has_a_guard_here_must_be_caught() -> None:
    assert [judged("lies", caught) for caught in (True, False)] == [drill.CAUGHT, drill.NOT_CAUGHT]
    assert judged("works", True) == drill.FINE
    assert judged("works", False) == drill.NOT_CAUGHT
    assert judged("push-a1", False) == drill.NOT_CAUGHT


def test_what_only_a_sandbox_can_stop_is_excused_without_one() -> None:
    assert judged("push-a2", False) == drill.NOT_STOPPABLE
    assert judged("push-a2", False, sandboxed=True) == drill.NOT_CAUGHT
    assert judged("push-a2", True) == drill.CAUGHT


def test_what_is_not_over_in_time_is_excused_by_nothing() -> None:
    made = drill.row(drills.BY_NAME["push-a2"], Finding(False, "late"), 1.0, sandboxed=False, late=True)
    assert made.verdict == drill.NOT_CAUGHT


def test_the_rule_that_would_stop_it_is_named_only_where_nothing_here_can() -> None:
    one = drills.BY_NAME["push-a2"]
    assert drill.row(one, Finding(False, "pushed"), 1.0, sandboxed=False).rule == one.rule
    assert drill.row(one, Finding(True, "stopped"), 1.0, sandboxed=False).rule == ""


def test_the_exit_code_is_0_only_when_nothing_was_let_through_and_nothing_touched() -> None:
    good = [row(drill.CAUGHT), row(drill.NOT_STOPPABLE), row(drill.FINE)]
    assert drill.exit_code(good, untouched=True) == 0
    assert drill.exit_code([*good, row(drill.NOT_CAUGHT)], untouched=True) == 1
    assert drill.exit_code(good, untouched=False) == 1


def test_the_policy_of_a_drill_is_valid_and_starts_no_agent_of_the_person() -> None:
    own = {
        "task_types": {"impl": {"agent": "claude", "gate": ["make test"]}},
        "agents": {"claude": {"model": "x"}},
        "scan": {"max_files": 7},
        "notify": {"command": ["mail"]},
        "backlog": {"files": ["specs/backlog.md"]},
        "push": {"block": "pipeline", "remote": "upstream"},
    }
    made = drill.policy(own, drills.ALL, env=ENV, gate=[["make", "test"]], reach=REACH)
    found = reading.read(json.dumps(made), "pipeline.yaml")
    assert isinstance(found, Policy), found
    assert set(found.agents) == set(drills.BY_NAME)
    assert {found.task_types[name].agent for name in ("spec", "impl", "test", "review", "heal")} == {"script"}
    assert (found.backlog.files, found.backlog.meta, found.notify.command) == ((), None, None)


def test_the_guards_of_the_person_are_those_that_are_tried() -> None:
    own = {"scan": {"weakened_tests": False, "protected": ["x"]}, "push": {"block": "pipeline", "remote": "upstream"}}
    made = drill.policy(own, drills.ALL, env=ENV, gate=[], reach=REACH)
    assert made["scan"] == own["scan"]
    assert made["push"] == {"block": "pipeline"}
    assert made["workspace"] == {"sandbox": "auto", **REACH}
    asked = drill.policy(own, [], env={}, gate=[], reach={}, sandbox="off")
    assert asked["workspace"] == {"sandbox": "off"}
    assert drill.policy({"workspace": {"sandbox": "off"}}, [], env={}, gate=[], reach={})["workspace"] == {
        "sandbox": "off"
    }


def test_the_table_and_its_summary_name_what_was_not_caught() -> None:
    rows = [row(drill.CAUGHT), row(drill.NOT_STOPPABLE, "a rule"), row(drill.NOT_CAUGHT)]
    shown = "\n".join(drill.table(rows, 60))
    assert "NOT CAUGHT         x" in shown
    assert "rule:   a rule" in shown
    assert drill.summary(rows) == [
        "1 of 3 attempts caught.",
        "Not stoppable here: x.",
        "  what would stop it: a rule",
        "NOT CAUGHT: x.",
    ]


def test_the_page_keeps_its_columns_whatever_stands_in_them() -> None:
    assert list(drill.markdown([row(drill.CAUGHT)]))[-1] == "| `x` | does | should | a \\| b | caught |"
