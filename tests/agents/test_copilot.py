from __future__ import annotations

import pytest

from nightrun.agents import copilot
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 1, reason: str = "exit") -> AgentResult:
    return copilot.read(recorded("copilot", shape, code, reason), now=NOW)


def test_command_line_takes_the_prompt_from_standard_input() -> None:
    given = run("a\0b" * 100_000, model="m", args=("--more",))
    assert copilot.argv(given) == (
        *("copilot", "--allow-all", "--no-ask-user", "--no-auto-update", "--output-format", "json"),
        *("--model", "m", "--more"),
    )
    assert copilot.stdin(given) == b"a\0b" * 100_000


def test_success_has_text_and_usage() -> None:
    result = read("success", 0)
    assert result.kind == "completed"
    assert result.text.startswith('The docs say: "You have hit your usage limit')
    assert result.usage == {}


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
        ("edits-then-500", 1, "network"),
        ("refused", 1, "network"),
        ("truncated", 0, "agent"),
        ("no-login", 1, "auth"),
        ("success", 1, "agent"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_tokens_of_the_person_that_could_push_are_not_passed_on() -> None:
    assert not {"GH_TOKEN", "GITHUB_TOKEN"} & set(copilot.KEYS)


def test_result_counts_when_it_does_not_exit_after_it() -> None:
    assert read("success", None, "silent").kind == "completed"
