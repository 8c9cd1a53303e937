from __future__ import annotations

import pytest

from nightrun.agents import cline
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return cline.read(recorded("cline", shape, code, reason), now=NOW)


def test_command_line_has_the_prompt_as_one_argument_that_is_no_option() -> None:
    argv = cline.argv(run("--version {prompt}", model="m", args=("--more",)))
    assert argv == (
        *("cline", "--json", "--auto-approve", "true", "--model", "m", "--more"),
        "\n--version {prompt}",
    )
    assert cline.stdin(run()) is None


def test_long_prompt_is_in_a_file_that_the_argument_names() -> None:
    last = cline.argv(run("x" * 200_000))[-1]
    assert "/p/prompt" in last and len(last) < 200


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
        ("429", 1, "limit"),
        ("limit", 1, "limit"),
        ("billing", 1, "auth"),
        ("500", 1, "network"),
        ("refused", 1, "network"),
        ("loop", 0, "agent"),
        ("truncated", 0, "agent"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_loop_that_it_ended_is_no_success() -> None:
    assert read("loop").summary == "cline stopped itself (aborted): Looking."


def test_work_before_an_error_is_counted() -> None:
    assert read("edits-then-500", 1).usage["output_tokens"] == 20


def test_success_with_another_exit_code_is_none() -> None:
    result = read("success", 1)
    assert (result.kind, "but exit code 1" in result.summary) == ("agent", True)
