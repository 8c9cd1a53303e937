from __future__ import annotations

from datetime import datetime

import pytest

from nightrun.agents import codex
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return codex.read(recorded("codex", shape, code, reason), now=NOW)


def local(result: AgentResult) -> str:
    assert result.resets_at is not None
    return datetime.fromtimestamp(result.resets_at).strftime("%Y-%m-%d %H:%M")


def test_command_line_writes_in_a_sandbox_and_asks_nobody_on_the_network() -> None:
    given = run("a\0b", model="gpt-5", args=("--oss",))
    argv = codex.argv(given)
    assert argv[:5] == ("codex", "exec", "--json", "--sandbox", "workspace-write")
    assert argv[-4:] == ("--model", "gpt-5", "--oss", "-")
    assert [argv[at + 1] for at, word in enumerate(argv) if word == "-c"] == [
        "check_for_update_on_startup=false",
        "analytics.enabled=false",
        "features.plugins=false",
        "features.apps=false",
    ]
    assert codex.stdin(given) == b"a\0b"


def test_success_has_the_last_message_and_usage_without_cost() -> None:
    result = read("success")
    assert (result.kind, result.text) == ("completed", "Done: notes.md has the section.")
    assert result.usage == {"input_tokens": 5000, "cached_input_tokens": 4000, "output_tokens": 120}


@pytest.mark.parametrize("shape", ["declined", "tool-error", "retried-success", "model-unknown", "writes-about-limits"])
def test_notices_and_what_the_agent_reads_are_no_error(shape: str) -> None:
    assert read(shape).kind == "completed"


@pytest.mark.parametrize(
    ("shape", "kind"),
    [
        ("401", "auth"),
        ("billing", "auth"),
        ("429", "limit"),
        ("limit-later", "limit"),
        ("400", "agent"),
        ("500", "network"),
        ("dropped", "network"),
        ("truncated", "agent"),
        ("bad-setting", "setup"),
    ],
)
def test_failures_have_their_class(shape: str, kind: str) -> None:
    result = read(shape, 1)
    assert (result.kind, result.resets_at) == (kind, None)
    assert result.summary and "\n" not in result.summary


@pytest.mark.parametrize("shape", ["401", "429", "500", "limit"])
def test_failed_turn_counts_although_the_exit_code_is_0(shape: str) -> None:
    assert read(shape, 0).kind == read(shape, 1).kind != "completed"


def test_limit_says_when_it_ends_in_local_time() -> None:
    assert local(read("limit", 1)).endswith(" 14:48")
    assert local(read("limit-date", 1)) == "2026-11-28 09:05"


def test_waiting_for_the_network_for_ever_is_the_networks() -> None:
    assert read("refused", None, "silent").kind == "network"


def test_success_with_a_wrong_exit_code_is_none() -> None:
    assert read("success", 3).kind == "agent"


def test_next_turn_that_did_not_end_is_no_success() -> None:
    both = recorded("codex", "success").output + recorded("codex", "truncated").output
    from tests.agents.ends import end

    assert codex.read(end(both, 0), now=NOW).kind == "agent"
