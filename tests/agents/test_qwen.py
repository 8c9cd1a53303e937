from __future__ import annotations

import pytest

from nightrun.agents import qwen
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return qwen.read(recorded("qwen", shape, code, reason), now=NOW)


def test_command_line_takes_the_prompt_from_standard_input() -> None:
    given = run("a\0b" * 100_000, model="m", args=("--more",))
    assert qwen.argv(given) == ("qwen", "--yolo", "-o", "stream-json", "--model", "m", "--more")
    assert qwen.stdin(given) == b"a\0b" * 100_000


def test_success_has_text_and_usage() -> None:
    result = read("success", 0)
    assert result.kind == "completed"
    assert result.text.startswith('The docs say: "You have hit your usage limit')
    assert result.usage == {"input_tokens": 2000, "cached_input_tokens": 200, "output_tokens": 40, "turns": 2}


@pytest.mark.parametrize("shape", ["declined", "tool-error"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    assert read(shape, 0).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [
        ("401", 1, "auth"),
        ("400", 1, "agent"),
        ("500", 1, "network"),
        ("edits-then-500", 1, "network"),
        ("refused", 1, "network"),
        ("loop", 1, "agent"),
        ("truncated", 0, "agent"),
        ("401-as-success", 0, "auth"),
        ("written-error", 0, "agent"),
        ("truncated", 53, "agent"),
        ("no-login", 1, "setup"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_limit_that_it_waits_for_is_told_when_it_is_ended() -> None:
    result = read("429", None, "silent")
    assert (result.kind, result.usage) == ("limit", {})
    assert read("billing", None, "silent").kind == "auth"
    assert read("waiting", None, "silent").kind == "agent"


def test_success_with_another_exit_code_is_none() -> None:
    result = read("success", 1)
    assert (result.kind, "but exit code 1" in result.summary) == ("agent", True)
