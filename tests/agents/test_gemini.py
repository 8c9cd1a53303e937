from __future__ import annotations

import pytest

from nightrun.agents import gemini
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return gemini.read(recorded("gemini", shape, code, reason), now=NOW)


def test_command_line_takes_the_prompt_from_standard_input() -> None:
    given = run("a\0b" * 100_000, model="m", args=("--more",))
    assert gemini.argv(given) == (
        *("gemini", "--approval-mode", "yolo", "--skip-trust", "-o", "stream-json"),
        *("--model", "m", "--more"),
    )
    assert gemini.stdin(given) == b"a\0b" * 100_000


def test_success_has_text_and_usage() -> None:
    result = read("success", 0)
    assert result.kind == "completed"
    assert result.text.startswith('The docs say: "You have hit your usage limit')
    assert result.usage == {"input_tokens": 2000, "cached_input_tokens": 200, "output_tokens": 40}


@pytest.mark.parametrize("shape", ["declined", "tool-error"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    assert read(shape, 0).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [
        ("401", 145, "auth"),
        ("400", 144, "agent"),
        ("429", 173, "limit"),
        ("limit", 173, "limit"),
        ("billing", 173, "limit"),
        ("500", 244, "network"),
        ("edits-then-500", 244, "network"),
        ("refused", 1, "network"),
        ("loop", 0, "agent"),
        ("truncated", 0, "agent"),
        ("truncated", 173, "limit"),
        ("truncated", 53, "agent"),
        ("no-login", 41, "auth"),
        ("no-login", 55, "setup"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_reset_of_a_limit_is_read_and_usage_of_a_failed_run_is_unknown() -> None:
    result = read("429", 173)
    assert (result.resets_at, result.usage) == (NOW + 11528, {})
    assert read("401", 145).summary == "Incorrect API key provided: x."


def test_loop_that_it_ended_is_no_success() -> None:
    assert read("loop").summary == "gemini stopped itself: Loop detected, stopping execution"


def test_success_with_another_exit_code_is_none() -> None:
    result = read("success", 1)
    assert (result.kind, "but exit code 1" in result.summary) == ("agent", True)
