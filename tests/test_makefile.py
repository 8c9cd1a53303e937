"""The Makefile: one target per command, text that arrives unchanged, an environment that makes itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from nightrun import cli

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
# What has no command of nightrun: it is about this checkout, not about the repository that is worked on.
OF_THE_CHECKOUT = {
    "check",
    "lint",
    "types",
    "test",
    "soak",
    "bench",
    "simulate",
    "night",
    "matrix",
    "docs",
    "picture",
    "drill-page",
    "lock",
    "clean-venv",
    "help",
}
# Called by programs, not by people.
WITHOUT_TARGET = {"commit-progress", "part"}
FAKE_PYTHON = f"""\
#!{sys.executable}
import json, os, sys
given = {{name[13:]: text for name, text in os.environ.items() if name.startswith("NIGHTRUN_ARG_")}}
print(json.dumps([sys.argv[1:], given, sorted(os.environ)]))
"""


def targets() -> dict[str, str]:
    """Public target -> its help."""
    return dict(re.findall(r"^([a-z][a-z-]*):.*?## (.*)$", MAKEFILE, re.MULTILINE))


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The Makefile beside a Python that prints how it was called."""
    folder = tmp_path / "check out"
    python = folder / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(FAKE_PYTHON)
    python.chmod(0o755)
    for name in ("Makefile", "requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / ".venv/.ready").write_text(f"{folder.resolve()}\n")
    (folder / ".venv/.ready-dev").write_text(f"{folder.resolve()}\n")
    return folder


def make(folder: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *args], cwd=folder, env={**os.environ, **env}, capture_output=True, text=True)


def called(folder: Path, *args: str, **env: str) -> tuple[list[str], dict[str, str], list[str]]:
    done = make(folder, *args, **env)
    assert done.returncode == 0, done.stderr
    argv, given, environment = json.loads(done.stdout)
    return argv, given, environment


def test_each_target_is_a_command_and_each_command_a_target() -> None:
    assert set(targets()) - OF_THE_CHECKOUT == set(cli.COMMANDS) - WITHOUT_TARGET


@pytest.mark.parametrize("name", sorted(set(targets()) - OF_THE_CHECKOUT))
def test_target_calls_the_command_of_its_name(name: str, checkout: Path) -> None:
    argv, _, _ = called(checkout, name)
    assert argv[:4] == ["-P", "-m", "nightrun", name]


@pytest.mark.parametrize("name", sorted(set(targets()) - OF_THE_CHECKOUT))
def test_variables_in_the_help_are_flags_of_the_command(name: str) -> None:
    shown = set(re.findall(r"\b([A-Z]{2,})=", targets()[name]))
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    inner = list(command.commands.values()) if isinstance(command, click.Group) else []
    flags = {cli.variable(one) for each in (command, *inner) for one in each.params}
    assert shown <= flags


def test_every_variable_is_declared() -> None:
    declared = re.search(r"^VARIABLES := (.*?[^\\])$", MAKEFILE, re.MULTILINE | re.DOTALL)
    assert declared is not None
    shown = {one for text in targets().values() for one in re.findall(r"\b([A-Z]{2,})=", text)}
    assert shown <= set(declared[1].replace("\\", "").split())


def test_recipes_are_one_line() -> None:
    recipes = re.findall(r"^[a-z][a-z-]*:.*\n((?:\t.*\n)*)", MAKEFILE, re.MULTILINE)
    assert [one for one in recipes if one.count("\n") > 1] == []


@pytest.mark.parametrize(
    "text",
    [
        'it\'s "quoted"',
        "`touch pwned`",
        "$(touch pwned)",
        "$(shell touch pwned)",
        "$x $$ ${HOME} $",
        "two\nlines\n\n\tand a tab",
        "trailing spaces  ",  # make itself drops those at the start
        "a # b \\ c % d : e = f",
        "🌙 ünï",
        "\\\n",
    ],
)
def test_free_text_arrives_unchanged_and_never_runs(text: str, checkout: Path) -> None:
    _, given, environment = called(checkout, "task", "TYPE=impl", f"DIRECTION={text}")
    assert given == {"TYPE": "impl", "DIRECTION": text}
    assert not {"DIRECTION", "MAKEFLAGS", "MAKEOVERRIDES"} & set(environment)
    assert not (checkout / "pwned").exists()


def test_variables_of_the_shell_are_not_taken(checkout: Path) -> None:
    assert called(checkout, "task", TYPE="of another program")[1] == {}


def test_misspelt_variable_is_refused(checkout: Path) -> None:
    done = make(checkout, "autonomous", "RUNNER=2")
    assert done.returncode == 2
    assert "There is no variable RUNNER." in done.stderr


def test_failure_of_the_command_is_a_failure_of_make(checkout: Path) -> None:
    (checkout / ".venv/bin/python").write_text("#!/bin/sh\nexit 75\n")
    done = make(checkout, "status")
    assert done.returncode == 2
    assert "Error 75" in done.stderr


def test_make_alone_shows_every_target(checkout: Path) -> None:
    shown = make(checkout).stdout
    assert [name for name in targets() if f"\n  {name} " not in shown] == []
    assert max(map(len, shown.splitlines())) <= 100


@pytest.mark.parametrize("spoil", ["move", "python", "lock"])
def test_environment_is_made_again_when_it_does_not_fit(spoil: str, checkout: Path) -> None:
    if spoil == "move":
        checkout = checkout.rename(checkout.with_name("elsewhere"))
    elif spoil == "python":
        (checkout / ".venv/bin/python").unlink()
    else:
        os.utime(checkout / "requirements.lock", (2e9, 2e9))
    done = make(checkout, "-n", "status")
    assert "tools/bootstrap.py\n" in done.stdout


def test_environment_that_fits_is_not_made_again(checkout: Path) -> None:
    assert "bootstrap" not in make(checkout, "-n", "status").stdout


def test_failed_bootstrap_leaves_no_stamp(checkout: Path) -> None:
    (checkout / "tools").mkdir()
    shutil.copy(ROOT / "tools/bootstrap.py", checkout / "tools")
    shutil.rmtree(checkout / ".venv")
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull}
    done = make(checkout, "status", f"PYTHON={sys.executable}", **nowhere)
    assert done.returncode == 2
    assert "nightrun: could not set up .venv" in done.stderr
    assert done.stdout == ""
    assert not (checkout / ".venv/.ready").exists()


def test_lock_files_name_no_place_and_hash_everything() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        pins = re.findall(r"^[a-z0-9][\w.-]*==\S+ \\\n    --hash", text, re.MULTILINE)
        assert len(pins) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)) > 20
        assert "://" not in text and "--find-links" not in text and "--index" not in text
