from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from nightrun.agents import script
from tests.agents.ends import NOW, end, run

BLOCK = "Update it.\n\n```sh\necho one\n```\n\n```sh\necho two\n```\n"


@pytest.mark.parametrize(
    ("direction", "text"),
    [
        (BLOCK, "echo one\n"),
        ("```bash\necho b\n```", "echo b\n"),
        ("~~~shell\necho t\n~~~", "echo t\n"),
        ("1. Do\n\n   ```sh\n   cat <<X\n     in\n   X\n   ```\n", "cat <<X\n  in\nX\n"),
        ("````sh\ncat <<'X'\n```\nX\n````", "cat <<'X'\n```\nX\n"),
        ("```sh title=x\r\necho w\r\n```\r\n", "echo w\n"),
        ("```python\nprint()\n```\n```SH\necho later\n```", "echo later\n"),
        ("```md\n~~~sh\necho inside\n~~~\n```\n\n``` sh\necho outside\n```", "echo outside\n"),
    ],
)
def test_first_shell_block_is_the_file(direction: str, text: str) -> None:
    assert script.cannot(direction) is None
    assert script.file_text(run(direction)) == text


@pytest.mark.parametrize(
    "direction", ["Just do it", "`sh`", "```\necho no language\n```", "```sh\nnever closed", "```python\nx\n```", ""]
)
def test_direction_without_a_block_cannot_be_done(direction: str) -> None:
    assert script.cannot(direction) == "script runs a fenced sh block, and the direction has none"


def test_block_comes_from_the_direction_and_not_from_what_is_quoted_beside_it() -> None:
    given = run("prompt\n```sh\nevil\n```", direction=BLOCK)
    assert script.file_text(given) == "echo one\n"


def test_command_line_names_a_file_and_stops_at_the_first_failure() -> None:
    assert script.argv(run(BLOCK)) == ("/bin/sh", "-e", "/p/prompt")
    assert script.argv(run("```bash\necho\n```")) == ("/usr/bin/env", "bash", "-e", "/p/prompt")
    assert script.stdin(run(BLOCK)) is None


def test_block_of_200_kb_runs_and_reads_its_own_standard_input(tmp_path: Path) -> None:
    lines = "".join(f": {'x' * 90}\n" for _ in range(2200))
    direction = f"```sh\ncat\n{lines}echo end\nfalse\necho never\n```"
    file = tmp_path / "block"
    given = run(direction, prompt_file=str(file))
    file.write_text(script.file_text(given))
    done = subprocess.run(script.argv(given), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("end\n", 1)


def test_exit_code_0_is_a_pass_unless_the_last_line_says_fail() -> None:
    assert (script.read(end("ok\n"), now=NOW).kind, script.read(end("ok\n"), now=NOW).verdict) == ("completed", "PASS")
    assert script.read(end("no\nVERDICT: FAIL\n"), now=NOW).verdict == "FAIL"


def test_failed_script_has_no_verdict_and_is_told_with_its_last_line() -> None:
    result = script.read(end("a\nmake: *** no rule\n", 2), now=NOW)
    assert (result.kind, result.verdict) == ("agent", None)
    assert result.summary == "the script failed (exit code 2): make: *** no rule"


def test_script_that_was_ended_did_not_complete() -> None:
    assert script.read(end("", None, "stopped"), now=NOW).kind == "agent"
