from __future__ import annotations

from pathlib import Path

import pytest

from nightrun.hands import programs


def program(folder: Path, text: str) -> str:
    path = folder / "agent"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_program_is_found_on_the_path_and_below_a_folder(tmp_path: Path) -> None:
    made = program(tmp_path, "true")
    assert programs.find("agent", str(tmp_path)) == made
    assert programs.find("./agent", "/nowhere", below=tmp_path) == str(tmp_path / "agent")
    assert programs.find(made, "/nowhere", below=Path("/elsewhere")) == made
    assert programs.find("agent", "/nowhere") is None
    Path(made).chmod(0o644)
    assert programs.find("agent", str(tmp_path)) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("echo; echo '2.1.330 (Claude Code)'; echo more", "2.1.330 (Claude Code)"),
        (r"printf '\033[31mcodex-cli 0.169.0\033[0m\n'", "codex-cli 0.169.0"),
        ("echo 1.0; exit 3", ""),
        ("true", ""),
    ],
)
def test_version_is_the_first_line_it_says(tmp_path: Path, text: str, version: str) -> None:
    assert programs.version(program(tmp_path, text)) == version


def test_program_that_cannot_be_started_has_no_version(tmp_path: Path) -> None:
    assert programs.version(str(tmp_path / "gone")) == ""


def test_numbers_of_a_version() -> None:
    assert programs.numbers("codex-cli 0.169.0-beta") == (0, 169, 0)
    assert programs.numbers("none") == ()


def test_version_may_be_on_the_other_stream_or_behind_another_flag(tmp_path: Path) -> None:
    assert programs.version(program(tmp_path, "echo 0.73.1 >&2")) == "0.73.1"
    assert programs.version(program(tmp_path, '[ "$1" = --help ] && echo 2.4.6'), flag="--help") == "2.4.6"
