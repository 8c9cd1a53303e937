from __future__ import annotations

from dataclasses import replace

import pytest

from nightrun.agents import claude
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, at, end, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return claude.read(recorded("claude", shape, code, reason), now=NOW)


def test_command_line_streams_and_takes_the_prompt_from_standard_input() -> None:
    given = run("200 KB " * 40_000, model="opus", args=("--max-turns", "9"))
    assert claude.argv(given) == (
        *("claude", "-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "bypassPermissions"),
        *("--model", "opus", "--max-turns", "9"),
    )
    assert claude.stdin(given) == given.prompt.encode()
    assert "--model" not in claude.argv(run())


def test_policy_may_name_another_command_line() -> None:
    given = run(command=("/opt/claude", "-p", "--output-format", "json"), args=("--verbose",))
    assert claude.argv(given) == ("/opt/claude", "-p", "--output-format", "json", "--verbose")
    assert claude.stdin(given) == b"Do it."


def test_success_has_text_usage_and_the_model_that_cost_most() -> None:
    result = read("success")
    assert (result.kind, result.text, result.model) == (
        "completed",
        "Done: notes.md has the section.",
        "claude-sonnet-4-5",
    )
    assert result.usage == {
        "input_tokens": 3040,
        "cached_input_tokens": 2000,
        "output_tokens": 300,
        "cost_usd": 0.021,
        "turns": 2,
    }


@pytest.mark.parametrize("shape", ["declined", "tool-error", "writes-about-limits"])
def test_what_an_agent_says_or_reads_is_no_error(shape: str) -> None:
    result = read(shape)
    assert (result.kind, result.resets_at) == ("completed", None)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("401", "auth"),
        ("not-logged-in", "auth"),
        ("billing", "auth"),
        ("429", "limit"),
        ("400", "agent"),
        ("500", "network"),
        ("refused", "network"),
        ("max-turns", "agent"),
        ("interrupted", "agent"),
        ("truncated", "agent"),
        ("as-root", "setup"),
        ("bad-flag", "setup"),
    ],
)
@pytest.mark.parametrize("code", [1, 0])
def test_failures_have_their_class_whatever_the_exit_code(shape: str, kind: str, code: int) -> None:
    if shape == "bad-flag" and code == 0:
        kind = "agent"
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary and "\n" not in result.summary


@pytest.mark.parametrize(
    ("shape", "resets_at"),
    [
        ("limit-5-hour", at(11, 22, 15, 12)),
        ("limit-weekly", at(11, 24, 20, 59)),
        ("limit-epoch", 1763990400.0),
        ("429", None),
    ],
)
def test_limit_says_when_it_ends(shape: str, resets_at: float | None) -> None:
    result = read(shape, 1)
    assert (result.kind, result.resets_at) == ("limit", resets_at)


def test_denied_permissions_are_told() -> None:
    result = read("denied")
    assert (result.kind, result.summary) == ("completed", "permission was denied 2 times: Bash, Edit")


def test_own_limits_and_missing_results_are_in_words() -> None:
    assert read("max-turns", 1).summary == "it reached its limit of turns"
    assert read("truncated", -9).summary == "claude ended without a result (it was ended by signal 9)"
    assert "IS_SANDBOX" in read("as-root", 1).summary
    assert read("bad-flag", 1).summary.endswith("error: unknown option '--permission-mood'")


def test_success_with_a_wrong_exit_code_is_none() -> None:
    assert read("success", 1).kind == "agent"


def test_result_line_is_the_end_although_the_process_stays() -> None:
    """claude-code 25629: it now and then does not exit after its result."""
    assert read("success", None, "silent").kind == "completed"
    more = recorded("claude", "success").output + recorded("claude", "truncated").output
    assert claude.read(end(more, None, "silent"), now=NOW).kind == "agent"


def test_silence_while_it_retries_is_the_providers() -> None:
    assert read("retrying", None, "silent").kind == "network"


def test_first_line_may_be_cut_and_lines_may_be_no_json() -> None:
    whole = recorded("claude", "success")
    cut = replace(whole, output='ype":"x"}\n{"half\n[1]\n{"a":' + "[" * 100_000 + "\n" + whole.output)
    assert claude.read(cut, now=NOW) == claude.read(whole, now=NOW)


def test_no_output_at_all_is_a_failure() -> None:
    assert claude.read(end("", 0), now=NOW).kind == "agent"
