from __future__ import annotations

import pytest

from nightrun.agents import goose
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return goose.read(recorded("goose", shape, code, reason), now=NOW)


def test_command_line_takes_the_prompt_from_standard_input() -> None:
    given = run("a\0b" * 100_000, model="m", args=("--more",))
    assert goose.argv(given) == (
        *("goose", "run", "--no-session", "--quiet", "--output-format", "stream-json"),
        *("--model", "m", "--more", "-i", "-"),
    )
    assert goose.stdin(given) == b"a\0b" * 100_000


def test_success_has_text_and_usage() -> None:
    result = read("success", 0)
    assert result.kind == "completed"
    assert result.text.startswith("Done. The notes say: Rate limit exceeded")
    assert result.usage == {"input_tokens": 2000, "output_tokens": 40}


@pytest.mark.parametrize("shape", ["declined", "tool-error"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    assert read(shape, 0).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [
        ("401", 0, "auth"),
        ("400", 0, "agent"),
        ("429", 0, "limit"),
        ("billing", 0, "auth"),
        ("500", 0, "network"),
        ("500", 1, "network"),
        ("refused", 0, "network"),
        ("truncated", 0, "agent"),
        ("error-content-401", 0, "auth"),
        ("error-content-429", 0, "limit"),
        ("credits", 0, "auth"),
        ("error-text", 0, "agent"),
        ("network-text", 0, "agent"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_a_notice_between_is_no_error() -> None:
    assert read("inline").kind == "completed"


def test_a_sum_of_tokens_alone_is_no_usage() -> None:
    assert read("declined").usage == {}


def test_success_with_another_exit_code_is_none() -> None:
    result = read("success", 1)
    assert (result.kind, "but exit code 1" in result.summary) == ("agent", True)
