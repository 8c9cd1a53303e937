from __future__ import annotations

import os
from pathlib import Path

import pytest

from nightrun.hands import environment
from tests.story import write


def test_everything_is_off_when_nothing_is_set(tmp_path: Path) -> None:
    found = environment.read(tmp_path, exported={})
    assert (found.auto_commit, found.auto_push, found.auto_fix) == (False, False, False)
    assert (found.api_url, found.api_token, found.database_url) == (None, None, None)
    assert environment.said(found) == []


@pytest.mark.parametrize("value", ["0", "", "true", "yes", "on", "01", "1 ", " 1", "2", "１"])
def test_only_the_exact_value_1_is_on(tmp_path: Path, value: str) -> None:
    assert environment.read(tmp_path, exported={"PIPELINE_AUTO_COMMIT": "1"}).auto_commit
    assert not environment.read(tmp_path, exported={"PIPELINE_AUTO_COMMIT": value}).auto_commit


def test_what_is_exported_wins_over_the_file_and_that_over_the_default(tmp_path: Path) -> None:
    write(tmp_path, ".env", "PIPELINE_AUTO_COMMIT=0\nPIPELINE_AUTO_PUSH=1\n")
    found = environment.read(
        tmp_path,
        exported={"PIPELINE_AUTO_PUSH": "0"},
        defaults={"PIPELINE_AUTO_COMMIT": "1", "PIPELINE_AUTO_FIX_ENABLED": "1"},
    )
    assert (found.auto_commit, found.auto_push, found.auto_fix) == (False, False, True)
    assert found.sources == {
        "PIPELINE_AUTO_COMMIT": ".env",
        "PIPELINE_AUTO_PUSH": "exported",
        "PIPELINE_AUTO_FIX_ENABLED": "default",
    }


def test_the_environment_of_the_process_is_what_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_API_URL", "http://127.0.0.1:1")
    assert environment.read(tmp_path).api_url == "http://127.0.0.1:1"


def test_commit_and_push_settings_are_said_when_they_are_set(tmp_path: Path) -> None:
    write(tmp_path, ".env", "PIPELINE_AUTO_PUSH=yes\n")
    found = environment.read(tmp_path, exported={"PIPELINE_AUTO_COMMIT": "1"})
    assert environment.said(found) == [
        "PIPELINE_AUTO_COMMIT=1 (exported): completed tasks are committed",
        "PIPELINE_AUTO_PUSH=yes (.env): nothing is pushed; only the exact value 1 switches it on",
    ]


def test_a_token_is_never_said(tmp_path: Path) -> None:
    write(
        tmp_path, ".env", "PIPELINE_API_TOKEN='sesame\nPIPELINE_API_TOKEN=sesame\nPIPELINE_API_TOKEN=sesame\nsesame\n"
    )
    found = environment.read(tmp_path, exported={})
    assert found.api_token == "sesame"
    assert "sesame" not in repr(found) + "".join(environment.said(found))


def test_control_characters_do_not_reach_the_log(tmp_path: Path) -> None:
    found = environment.read(tmp_path, exported={"PIPELINE_AUTO_PUSH": "\x1b[2J\n1"})
    assert environment.said(found)[0].startswith(r"PIPELINE_AUTO_PUSH='\x1b[2J\n1' (exported): nothing is pushed")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("PIPELINE_API_URL=a", "a"),
        ("  export PIPELINE_API_URL = a b  # comment", "a b"),
        ("PIPELINE_API_URL='a $HOME #'", "a $HOME #"),
        (r'PIPELINE_API_URL="a\n\"b\"" # comment', 'a\n"b"'),
        ("PIPELINE_API_URL=$HOME`id`", "$HOME`id`"),
        ("PIPELINE_API_URL=", ""),
        ("PIPELINE_API_URL= # comment", ""),
        ("PIPELINE_API_URL=a#b", "a#b"),
    ],
)
def test_a_line_of_the_file_is_name_and_value_and_nothing_is_expanded(line: str, value: str) -> None:
    assert environment.parse(line) == ({"PIPELINE_API_URL": value}, ())


def test_unusable_lines_are_reported_and_the_others_count() -> None:
    values, problems = environment.parse(
        "# comment\n\nOTHER=1\nPIPELINE_AUTO_COMMIT\nPIPELINE_API_URL='a\nPIPELINE_AUTO_COMIT=1\n"
        "PIPELINE_AUTO_PUSH=0\nPIPELINE_AUTO_PUSH=1\n"
    )
    assert values["PIPELINE_AUTO_PUSH"] == "1"
    assert problems == (
        ".env:4: is not of the form NAME=value and does not count",
        ".env:5: PIPELINE_API_URL has quotes that do not match and does not count",
        ".env:6: PIPELINE_AUTO_COMIT means nothing to nightrun; did you mean PIPELINE_AUTO_COMMIT?",
        ".env:8: PIPELINE_AUTO_PUSH is set twice; the last one counts",
    )


def test_a_named_pipe_called_env_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    assert environment.read(tmp_path, exported={}).problems == (".env is not an ordinary file and does not count",)


def test_a_huge_file_does_not_count(tmp_path: Path) -> None:
    write(tmp_path, ".env", "PIPELINE_AUTO_PUSH=1\n" + "#" * (65 << 10))
    found = environment.read(tmp_path, exported={})
    assert not found.auto_push
    assert found.problems == (".env has more than 64 KiB and does not count",)
