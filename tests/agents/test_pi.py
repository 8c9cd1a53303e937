from __future__ import annotations

import pytest

from nightrun.agents import pi
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return pi.read(recorded("pi", shape, code, reason), now=NOW)


def test_command_line_takes_the_prompt_from_standard_input() -> None:
    given = run("a\0b" * 100_000, model="m", args=("--more",))
    assert pi.argv(given) == ("pi", "-p", "--mode", "json", "--no-session", "--model", "m", "--more")
    assert pi.stdin(given) == b"a\0b" * 100_000


def test_success_has_text_and_usage() -> None:
    result = read("success", 0)
    assert result.kind == "completed"
    assert result.text.startswith('The docs say: "You have hit your usage limit')
    assert result.usage == {"input_tokens": 2000, "cached_input_tokens": 200, "output_tokens": 40, "turns": 2}


@pytest.mark.parametrize("shape", ["declined", "tool-error", "cut-front"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    assert read(shape, 0).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [
        ("401", 0, "auth"),
        ("400", 0, "agent"),
        ("429", 0, "limit"),
        ("limit", 0, "limit"),
        ("billing", 0, "auth"),
        ("500", 0, "network"),
        ("edits-then-500", 0, "network"),
        ("refused", 0, "network"),
        ("truncated", 0, "agent"),
        ("no-login", 1, "auth"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_usage_is_unknown_when_the_last_line_is_no_longer_whole() -> None:
    result = read("cut-front")
    assert (result.usage, result.model) == ({}, "m1")
    assert result.text.startswith("The docs say")


def test_success_with_another_exit_code_is_none() -> None:
    result = read("success", 1)
    assert (result.kind, "but exit code 1" in result.summary) == ("agent", True)
