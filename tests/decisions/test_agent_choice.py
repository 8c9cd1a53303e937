from __future__ import annotations

import pytest

from nightrun import agents
from nightrun.agents import claude
from nightrun.decisions import agent_choice
from nightrun.decisions.agent_choice import Waiting
from nightrun.policy.model import AgentSettings, Policy

BLOCK = "```sh\ntrue\n```"
ALL = ("claude", "codex", "opencode", "script")


def policy(**agents: AgentSettings) -> Policy:
    return Policy(agents=agents)


def settings(**values: object) -> AgentSettings:
    return AgentSettings.model_validate(values)


def test_built_in_agents_are_there_without_a_word_in_the_policy() -> None:
    found = agent_choice.specs(policy())
    assert tuple(found) == (*agents.PRESETS, "script")
    assert (found["claude"].program, found["script"].program) == ("claude", None)
    assert found["claude"].env == claude.ENV and "ANTHROPIC_API_KEY" in found["claude"].pass_env


def test_policy_changes_a_preset() -> None:
    changed = settings(model="opus", args=["--x"], env={"A": "1", "DISABLE_AUTOUPDATER": "0"}, pass_env=["MY_KEY"])
    found = agent_choice.specs(policy(claude=changed))["claude"]
    assert (found.kind, found.program, found.model, found.args) == ("claude", "claude", "opus", ("--x",))
    assert found.env == {**claude.ENV, "A": "1", "DISABLE_AUTOUPDATER": "0"}
    assert found.pass_env == (*claude.KEYS, "MY_KEY")


def test_agents_of_the_persons_own() -> None:
    found = agent_choice.specs(
        policy(
            mine=settings(command=["my-agent", "{prompt}"], prompt="argument"),
            cheap=settings(preset="claude", model="haiku"),
            local=settings(command=["{worktree}/agent.sh"]),
            command=settings(command=["x"]),
        )
    )
    assert (found["mine"].kind, found["mine"].program, found["mine"].channel) == ("command", "my-agent", "argument")
    assert (found["cheap"].kind, found["cheap"].program) == ("claude", "claude")
    assert found["local"].program is None
    assert found["command"].program == "x"


@pytest.mark.parametrize(
    ("task", "of_type", "available", "names"),
    [
        (None, ("auto",), ALL, ("claude",)),
        (None, ("auto",), ("mine", "script", "opencode", "codex"), ("codex",)),
        (None, ("auto",), ("mine", "script"), ("script",)),
        (None, ("auto",), ("mine",), ()),
        (None, ("mine", "codex", "gone"), ("codex", "mine"), ("mine", "codex")),
        ("script", ("codex",), ALL, ("script",)),
        ("gone", ("codex",), ALL, ()),
        ("auto", ("script",), ALL, ("claude",)),
    ],
)
def test_candidates_in_order_of_preference(
    task: str | None, of_type: tuple[str, ...], available: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert agent_choice.candidates(task, of_type, available) == names


def test_first_that_can_and_is_not_paused_takes_it() -> None:
    assert agent_choice.choose("Do it", ("script", "mine", "codex"), {"mine"}) == "codex"
    assert agent_choice.choose(BLOCK, ("script", "codex"), ()) == "script"
    assert agent_choice.choose(BLOCK, ("chores",), (), kinds={"chores": "script"}) == "chores"


def test_reason_to_wait_is_plain() -> None:
    none = "script runs a fenced sh block, and the direction has none"
    assert agent_choice.choose("Do it", (), ()) == Waiting(
        "needs an agent: none that may do it is available here (nightrun agents)"
    )
    assert agent_choice.choose("Do it", ("script",), ()) == Waiting(f"needs another agent: {none}")
    assert agent_choice.choose("Do it", ("chores",), (), kinds={"chores": "script"}) == Waiting(
        f"needs another agent: {none}"
    )
    assert agent_choice.choose("Do it", ("script", "codex"), {"codex"}) == Waiting(
        f"{none}; agent codex is paused", ("codex",)
    )
