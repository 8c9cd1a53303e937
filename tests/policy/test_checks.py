from __future__ import annotations

from typing import Any

import pytest

from nightrun.policy import checks
from nightrun.policy.model import Policy

GATED = {name: {"gate": []} for name in ("spec", "impl", "test", "review")}


def found(**sections: Any) -> dict[str, str]:
    types = {**GATED, **sections.pop("task_types", {})}
    policy = Policy.model_validate({"task_types": types, **sections})
    return {".".join(str(step) for step in path): message for path, message in checks.problems(policy)}


def test_a_sound_policy_breaks_no_rule() -> None:
    assert found() == {}


def test_a_type_that_commits_needs_a_gate() -> None:
    assert "or [] to say that nothing checks it on purpose" in found(task_types={"impl": {}})["task_types.impl.gate"]


def test_a_type_that_does_not_commit_needs_none() -> None:
    assert found(task_types={"review": {"commit": False}}) == {}


def test_a_heal_never_commits() -> None:
    assert "must be false" in found(task_types={"heal": {"commit": True}})["task_types.heal.commit"]


def test_a_chain_of_next_that_never_ends_is_named_once() -> None:
    types = {"impl": {"gate": [], "next": "test"}, "test": {"gate": [], "next": "impl"}}
    assert found(task_types=types) == {
        "task_types.test.next": "never ends: impl -> test -> impl; set one of them to null"
    }


@pytest.mark.parametrize("agent", ["auto", "script", "claude", ["codex", "mine"], "mine"])
def test_built_in_agents_and_own_ones_are_known(agent: object) -> None:
    assert found(task_types={"impl": {"gate": [], "agent": agent}}, agents={"mine": {"command": ["x"]}}) == {}


def test_an_unknown_agent_is_named_with_the_known_ones() -> None:
    message = found(task_types={"impl": {"gate": [], "agent": ["zzz"]}})["task_types.impl.agent"]
    assert message.startswith('there is no agent "zzz"; known are aider, auto, ')


def test_an_agent_needs_a_command_or_a_preset() -> None:
    broken = found(
        agents={"mine": {}, "fast": {"preset": "claude"}, "codex": {"model": "x"}, "odd": {"preset": "cdex"}}
    )
    assert broken == {
        "agents.mine.command": "is not set, and there is no built-in agent mine; write what to run",
        "agents.odd.preset": f"must be {' or '.join(checks.PRESETS)}; did you mean codex?",
    }


@pytest.mark.parametrize(
    ("word", "meant"), [("promt", "prompt"), ("prompt_fil", "prompt_file"), ("worktre", "worktree")]
)
def test_a_misspelt_placeholder_is_found(word: str, meant: str) -> None:
    broken = found(agents={"mine": {"command": ["x", f"{{{word}}}"]}})
    assert broken == {"agents.mine.command": f"has {{{word}}} in it; did you mean {{{meant}}}?"}


def test_braces_that_mean_something_else_pass() -> None:
    assert found(agents={"mine": {"command": ["awk", "{print}", "{prompt}"]}}) == {}


def test_one_runner_works_in_the_root() -> None:
    assert "must be 1" in found(project={"isolation": "root", "runners": 2})["project.runners"]


def test_attempts_are_not_exchanged_through_the_public_remote() -> None:
    assert "remote of their own" in found(project={"exchange": "origin"})["project.exchange"]


def test_a_chain_has_each_type_once() -> None:
    assert "impl in it twice" in found(backlog={"chain": ["impl", "test", "impl"]})["backlog.chain"]


def test_the_meta_backlog_is_a_file_of_its_own() -> None:
    assert "twice" in found(backlog={"files": ["a.md"], "meta": "a.md"})["backlog.meta"]


def test_a_condition_that_heals_needs_a_direction() -> None:
    assert (
        "write what the heal task should do"
        in (found(monitor={"low_success_rate": {"heal": True, "direction": " "}})["monitor.low_success_rate.direction"])
    )


def test_what_only_the_supervisor_can_repair_is_never_healed() -> None:
    broken = found(monitor={"api_stale": {"heal": True, "direction": "x"}})
    assert broken == {
        "monitor.api_stale.heal": "must be false: the supervisor repairs this; a task would wait for what is broken"
    }
