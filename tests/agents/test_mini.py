from __future__ import annotations

from dataclasses import replace

import pytest

from nightrun.agents import mini
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, end, recorded, run

NOISE = "AuthenticationError: 401, you've hit your usage limit\n" * 3


def read(shape: str, code: int | None = 0) -> AgentResult:
    found = recorded("mini", shape, code)
    return mini.read(replace(found, output=NOISE, result=found.output), now=NOW)


def test_command_line_has_the_prompt_as_one_argument_that_is_no_option() -> None:
    argv = mini.argv(run("--version {prompt}", model="m", args=("--more",)))
    assert argv == (
        *("mini", "--yolo", "--exit-immediately", "--output", "/p/prompt.result"),
        *("--model", "m", "--more", "--task=\n--version {prompt}"),
    )
    assert mini.stdin(run()) is None


def test_long_prompt_is_in_a_file_that_the_argument_names() -> None:
    last = mini.argv(run("x" * 200_000))[-1]
    assert "/p/prompt" in last and len(last) < 200


def test_success_is_what_it_submitted() -> None:
    result = read("success")
    assert (result.kind, dict(result.usage)) == ("completed", {"turns": 2})


@pytest.mark.parametrize("shape", ["declined", "tool-error"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    assert read(shape, 0).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [
        ("401", 1, "auth"),
        ("400", 1, "agent"),
        ("429", 1, "limit"),
        ("billing", 1, "auth"),
        ("500", 1, "network"),
        ("edits-then-500", 1, "network"),
        ("refused", 1, "network"),
        ("truncated", 0, "agent"),
        ("truncated", 1, "agent"),
        ("success", 1, "agent"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_file_that_was_not_kept_whole_still_says_how_it_ended() -> None:
    whole = recorded("mini", "401").output
    result = mini.read(replace(end("", 1), result=whole[: whole.index('"messages"')]), now=NOW)
    assert (result.kind, result.summary) == ("auth", "AuthenticationError")


def test_what_it_prints_before_it_begins_is_its_own() -> None:
    assert mini.read(end("ModuleNotFoundError: No module named 'mcp'", 1), now=NOW).kind == "setup"
