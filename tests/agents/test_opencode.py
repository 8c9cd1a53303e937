from __future__ import annotations

import pytest

from nightrun.agents import opencode
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 0) -> AgentResult:
    return opencode.read(recorded("opencode", shape, code), now=NOW)


def test_command_line_takes_the_prompt_from_standard_input() -> None:
    given = run(model="anthropic/x")
    assert opencode.argv(given) == ("opencode", "run", "--format", "json", "--auto", "--model", "anthropic/x")
    assert opencode.stdin(given) == b"Do it."


def test_success_sums_its_steps() -> None:
    result = read("success")
    assert (result.kind, result.text) == ("completed", "Done: notes.md has the section.")
    assert result.usage == {
        "input_tokens": 360,
        "cached_input_tokens": 50,
        "output_tokens": 55,
        "cost_usd": 0.03,
        "turns": 2,
    }


def test_usage_is_unknown_when_the_first_steps_are_no_longer_there() -> None:
    result = read("cut-front")
    assert (result.kind, result.text, result.usage) == ("completed", "Done.", {})


@pytest.mark.parametrize("shape", ["declined", "tool-error", "writes-about-limits"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    assert read(shape).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "kind", "after_s"),
    [
        ("401", "auth", None),
        ("429", "limit", 20.0),
        ("limit", "limit", 7500.0),
        ("billing", "auth", None),
        ("400", "agent", None),
        ("500", "network", None),
        ("refused", "network", None),
        ("truncated", "agent", None),
        ("bad-config", "setup", None),
    ],
)
def test_failures_have_their_class(shape: str, kind: str, after_s: float | None) -> None:
    result = read(shape, 1)
    assert result.kind == kind
    assert result.resets_at == (None if after_s is None else NOW + after_s)
    assert result.summary


def test_error_event_counts_although_the_exit_code_is_0() -> None:
    assert read("500", 0).kind == "network"
    assert read("500", 0).usage["cost_usd"] == 0.01


def test_refused_permission_with_an_empty_answer_is_told() -> None:
    result = read("denied")
    assert (result.kind, result.text) == ("completed", "")
    assert result.summary == "1 tools failed: The user rejected permission to use this specific tool call."
