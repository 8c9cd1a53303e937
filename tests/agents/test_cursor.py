from __future__ import annotations

import pytest

from nightrun.agents import cursor
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, at, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return cursor.read(recorded("cursor", shape, code, reason), now=NOW)


def test_command_line_has_the_prompt_as_one_argument_that_is_no_option() -> None:
    argv = cursor.argv(run("--version {prompt}", model="m", args=("--more",)))
    assert argv == (
        *("cursor-agent", "-p", "--force", "--output-format", "stream-json"),
        *("--model", "m", "--more", "\n--version {prompt}"),
    )
    assert cursor.stdin(run()) is None


def test_long_prompt_is_in_a_file_that_the_argument_names() -> None:
    last = cursor.argv(run("x" * 200_000))[-1]
    assert "/p/prompt" in last and len(last) < 200


def test_success_has_text_and_usage() -> None:
    result = read("success", 0)
    assert result.kind == "completed"
    assert result.text.startswith("Done. The notes say: You've hit your usage limit")
    assert result.usage == {}


@pytest.mark.parametrize("shape", ["declined", "tool-error"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    assert read(shape, 0).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [
        ("429", 1, "limit"),
        ("limit", 1, "limit"),
        ("limit-later", 1, "limit"),
        ("no-login", 1, "auth"),
        ("500", 1, "network"),
        ("refused", 1, "network"),
        ("truncated", 0, "agent"),
        ("truncated", 1, "agent"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


@pytest.mark.parametrize("shape", ["limit", "limit-later"])
def test_limit_that_ends_with_the_cycle_ends_after_that_day(shape: str) -> None:
    assert read(shape, 1).resets_at == at(12, 18, 0, 0)


def test_result_counts_when_it_does_not_exit_after_it() -> None:
    assert read("success", None, "silent").kind == "completed"


def test_success_with_another_exit_code_is_none() -> None:
    result = read("success", 1)
    assert (result.kind, "but exit code 1" in result.summary) == ("agent", True)
