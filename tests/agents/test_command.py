from __future__ import annotations

import json

import pytest

from nightrun.agents import command, command_line
from tests.agents.ends import NOW, end, run

LONG = "x" * (200 << 10)


def read(output: str, code: int | None = 0, reason: str = "exit"):  # type: ignore[no-untyped-def]
    return command.read(end(output, code, reason), now=NOW)


def last(**said: object) -> str:
    return "working\n" + json.dumps({"nightrun": said}) + "\n"


# -- the command line


def test_placeholders_are_filled_inside_of_arguments_and_no_shell_sees_them() -> None:
    given = run(
        'say "hi"; $(touch pwned) `id` {worktree}\n', command=("a", "--p={prompt}", "{prompt_file}", "{worktree}/x")
    )
    assert command.argv(given) == (
        "a",
        '--p=say "hi"; $(touch pwned) `id` {worktree}\n',
        "/p/prompt",
        "/w/x",
    )
    assert command.stdin(given) is None


@pytest.mark.parametrize(
    ("channel", "words", "argv", "stdin"),
    [
        (None, ("a",), ("a", "--more"), b"P"),
        ("stdin", ("a",), ("a", "--more"), b"P"),
        ("argument", ("a",), ("a", "--more", "P"), None),
        ("argument", ("a", "-p={prompt}"), ("a", "-p=P", "--more"), None),
        ("file", ("a",), ("a", "--more", "/p/prompt"), None),
        ("file", ("a", "-f", "{prompt_file}"), ("a", "-f", "/p/prompt", "--more"), None),
        ("stdin", ("a", "{prompt}"), ("a", "P", "--more"), b"P"),
        (None, ("a", "{unknown}"), ("a", "{unknown}", "--more"), b"P"),
    ],
)
def test_prompt_goes_where_the_policy_says(
    channel: str | None, words: tuple[str, ...], argv: tuple[str, ...], stdin: bytes | None
) -> None:
    given = run("P", command=words, channel=channel, args=("--more",))
    assert (command.argv(given), command.stdin(given)) == (argv, stdin)


@pytest.mark.parametrize("prompt", [LONG, "é" * (70 << 10), "a\0b"], ids=["200 KiB", "two bytes each", "NUL"])
def test_prompt_that_no_argument_can_hold_is_named_there_and_given_whole(prompt: str) -> None:
    for words, channel in ((("a", "{prompt}"), None), (("a",), "argument")):
        given = run(prompt, command=words, channel=channel)
        assert command.argv(given)[1].startswith("The instructions are in the file /p/prompt ")
        assert command.stdin(given) == prompt.encode()
    assert command.file_text(run(prompt)) == prompt


def test_longest_prompt_that_fits_is_one_argument() -> None:
    prompt = "x" * (command_line.LONGEST_ARGUMENT - 200)
    given = run(prompt, command=("a", "{prompt}"))
    assert (command.argv(given)[1], command.stdin(given)) == (prompt, None)


def test_half_a_surrogate_pair_does_not_stop_it() -> None:
    given = run("a\ud800b", command=("a", "{prompt}"), channel="stdin")
    assert (command.argv(given), command.stdin(given)) == (("a", "a?b"), b"a?b")


# -- the result


@pytest.mark.parametrize(
    ("code", "kind"), [(0, "completed"), (1, "agent"), (75, "limit"), (78, "setup"), (127, "agent"), (-9, "agent")]
)
def test_exit_code_is_the_contract(code: int, kind: str) -> None:
    assert read("429 rate limit, not logged in\n", code).kind == kind


def test_failure_is_told_with_its_last_line() -> None:
    assert read("one\nboom\n\n", 2).summary == "exit code 2: boom"


def test_last_line_may_be_the_result() -> None:
    result = read(last(summary="did\nit", verdict="FAIL", usage={"cost_usd": 0.5, "turns": "x"}))
    assert (result.kind, result.summary, result.verdict) == ("completed", "did it", "FAIL")
    assert (result.text, dict(result.usage)) == ("working", {"cost_usd": 0.5})


def test_result_may_name_its_class_and_when_a_limit_ends() -> None:
    result = read(last(error_class="limit", resets_at=1800000000), 1)
    assert (result.kind, result.resets_at) == ("limit", 1800000000)
    assert read(last(error_class="auth"), 0).kind == "auth"
    assert read(last(error_class="agent", resets_at=1800000000), 1).resets_at is None


@pytest.mark.parametrize("named", ["gate", "completed", "interrupted", "nonsense"])
def test_class_that_only_the_runner_knows_is_a_plain_failure(named: str) -> None:
    assert read(last(error_class=named), 0).kind == "agent"


@pytest.mark.parametrize(
    "output",
    [
        last(error_class="limit") + "and on\n",
        '{"nightrun": "limit"}\n',
        '{"other": {"error_class": "limit"}}\n',
        'say {"nightrun": {"error_class": "limit"}}\n',
    ],
)
def test_only_the_very_last_line_can_be_the_result(output: str) -> None:
    result = read(output)
    assert (result.kind, result.text) == ("completed", output)


def test_values_of_a_wrong_kind_do_not_count() -> None:
    result = read(last(summary=3, verdict="pass", error_class=None, resets_at=True), 75)
    assert (result.kind, result.verdict, result.resets_at, result.summary) == (
        "limit",
        None,
        None,
        "exit code 75: working",
    )


def test_process_that_was_ended_did_not_complete() -> None:
    assert read("fine", None, "silent").kind == "agent"
