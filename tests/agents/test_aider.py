from __future__ import annotations

import pytest

from nightrun.agents import aider
from nightrun.words.agent import AgentResult
from tests.agents.ends import NOW, end, recorded, run


def read(shape: str, code: int | None = 0, reason: str = "exit") -> AgentResult:
    return aider.read(recorded("aider", shape, code, reason), now=NOW)


def test_command_line_commits_nothing_and_asks_nobody() -> None:
    argv = aider.argv(run(model="m", args=("--more",)))
    assert argv[-5:] == ("--model", "m", "--more", "--message-file", "/p/prompt")
    assert {"--yes-always", "--no-auto-commits", "--no-dirty-commits", "--no-gitignore", "--no-detect-urls"} <= {*argv}
    assert aider.stdin(run()) is None


def test_success_has_text_and_rounded_usage() -> None:
    result = read("success")
    assert result.kind == "completed"
    assert result.text.startswith("I add the file.")
    assert result.usage == {"input_tokens": 1000, "output_tokens": 20, "turns": 1}


def test_cost_is_that_of_the_session() -> None:
    line = (
        "Aider v0.86.2\nRepo-map: disabled\nhello\n\nTokens: 1.2k sent, 3k cache write, 4k cache hit, 14 received. "
        "Cost: $0.01 message,\n$0.03 session.\n"
    )
    result = aider.read(end(line + line.partition("hello")[2]), now=NOW)
    assert result.usage == {"input_tokens": 2400, "output_tokens": 28, "cost_usd": 0.03, "turns": 2}


@pytest.mark.parametrize(
    ("shape", "code", "kind"),
    [
        ("401", 0, "auth"),
        ("400", 0, "agent"),
        ("429", 0, "limit"),
        ("limit", 0, "limit"),
        ("billing", 0, "auth"),
        ("500", 0, "network"),
        ("refused", 0, "network"),
        ("truncated", 0, "agent"),
        ("success", 1, "agent"),
    ],
)
def test_failures_have_their_class(shape: str, code: int, kind: str) -> None:
    result = read(shape, code)
    assert result.kind == kind
    assert result.summary


def test_what_an_agent_says_or_reads_is_no_error() -> None:
    assert read("declined").kind == "completed"
    prose = "Aider v0.86.2\nRepo-map: disabled\nlitellm.RateLimitError: in the notes\nTokens: 1 sent, 2 received.\n"
    assert aider.read(end(prose), now=NOW).kind == "completed"


def test_error_after_an_answer_counts() -> None:
    later = recorded("aider", "success").output + "litellm.AuthenticationError: no\n"
    assert aider.read(end(later), now=NOW).kind == "auth"
