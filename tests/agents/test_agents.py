from __future__ import annotations

from types import ModuleType

import pytest

from nightrun import agents
from nightrun.policy import checks
from nightrun.policy.values import variable_name
from tests.agents.ends import NOW, RECORDED, end, run

SHAPES = ("success", "declined", "401", "429", "limit", "billing", "500", "refused", "tool-error", "loop", "truncated")
# agents.md sections 3, 6 and 11: what a program does not have, or what nobody has seen of it.
GUARDS_LOOPS = ("cline", "gemini", "qwen")
NOT_SEEN = {
    ("aider", "tool-error"): "it makes one request and has no tools",
    ("cursor", "401"): "it is told as `no-login`",
    ("cursor", "billing"): "its plan limit is all that is known",
    ("goose", "limit"): "its rate limit is all that is known",
    ("mini", "limit"): "it has one name for all of them: `429`",
    ("qwen", "limit"): "it waits in place, as for `429`",
}


def test_every_built_in_agent_of_the_policy_is_there() -> None:
    assert tuple(agents.BY_NAME) == checks.PRESETS
    assert agents.PRESETS[:3] == ("claude", "codex", "opencode")
    assert set(agents.PRESETS[3:]) == {
        *("gemini", "qwen", "aider", "mini", "copilot", "cline", "pi", "cursor", "goose")
    }


@pytest.mark.parametrize("agent", agents.BY_NAME.values(), ids=lambda one: one.NAME)
def test_every_agent_has_the_same_shape(agent: ModuleType) -> None:
    given = run("```sh\ntrue\n```", command=("program",) if agent.NAME == "command" else None)
    assert agent.__name__.rpartition(".")[2] == agent.NAME
    assert all(isinstance(word, str) for word in agent.argv(given)) and agent.argv(given)
    assert isinstance(agent.stdin(given), (bytes, type(None)))
    assert isinstance(agent.file_text(given), str)
    assert agent.cannot("```sh\ntrue\n```") is None
    assert [variable_name(name) for name in (*agent.ENV, *agent.KEYS)] == [*agent.ENV, *agent.KEYS]
    failed = agent.read(end("", 1), now=NOW)
    assert failed.kind != "completed" and failed.summary


@pytest.mark.parametrize("name", agents.PRESETS)
@pytest.mark.parametrize("output", ["", "done\n", '{"type":"text"}\n', "null\n[]\n{}\n", "\ufffd\x00\n"])
def test_exit_code_0_alone_is_never_success(name: str, output: str) -> None:
    assert agents.BY_NAME[name].read(end(output, 0), now=NOW).kind == "agent"


@pytest.mark.parametrize("name", agents.PRESETS)
def test_every_shape_that_is_known_of_a_program_is_recorded(name: str) -> None:
    recorded = {one.stem for one in (RECORDED / name).iterdir()}
    known = [one for one in SHAPES if (name, one) not in NOT_SEEN and (one != "loop" or name in GUARDS_LOOPS)]
    assert [one for one in known if not any(found.startswith(one) for found in recorded)] == []


@pytest.mark.parametrize("name", agents.PRESETS)
def test_what_stands_in_a_long_output_is_no_reason_not_to_begin(name: str) -> None:
    cut = end('a file: "You\'ve hit your usage limit", 401 unauthorized ' * 2000, 1)
    assert agents.BY_NAME[name].read(cut, now=NOW).kind == "agent"


def test_prompt_argument_is_filled_in_once_and_never_cut() -> None:
    from nightrun.agents import command_line

    assert command_line.with_prompt(run("{worktree}"), ("x", "={prompt}")) == ("x", "={worktree}")
    assert command_line.with_prompt(run("a\0b"), ("{prompt}",))[0].startswith(
        "The instructions are in the file /p/prompt"
    )
