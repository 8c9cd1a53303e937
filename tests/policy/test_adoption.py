from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from nightrun.policy import adoption, reading
from nightrun.policy.gates import Listing
from nightrun.policy.model import Policy
from tests.story import write

PROGRAM = '#!/bin/sh\necho "called: $*"\nprintenv NIGHTRUN_ARG_TYPE\nprintenv NIGHTRUN_ARG_DIRECTION\nexit 0\n'
NASTY = 'it\'s $(shell touch pwned) `touch pwned2` $$ $HOME "q" # x\nsecond line \\'


def policy_for(listing: Listing) -> tuple[str, Policy | list[reading.Problem]]:
    text = adoption.policy_text(adoption.propose(listing))
    return text, reading.read(text)


def test_the_policy_has_the_gate_that_was_found() -> None:
    text, policy = policy_for(Listing({"Makefile"}, {"Makefile": "test:\n\tpytest\n"}))
    assert isinstance(policy, Policy)
    assert {policy.task_types[name].gate for name in policy.committing_types} == {(("make", "test"),)}
    assert "# Gate: Makefile has the target test.\n" in text


def test_other_ways_to_test_are_named() -> None:
    text, _ = policy_for(Listing({"Cargo.toml", "go.mod"}, {}))
    assert "# Gate: there is a Cargo.toml. Also found: `go test ./...`." in text


def test_what_a_fresh_worktree_needs_is_set_up() -> None:
    package = '{"scripts": {"test": "x"}, "dependencies": {"a": "1"}}'
    _, policy = policy_for(Listing({"package.json", "package-lock.json"}, {"package.json": package}))
    assert isinstance(policy, Policy)
    assert policy.workspace.setup == (("npm", "ci"),)


def test_without_a_test_command_the_file_says_so_and_is_not_valid() -> None:
    text, problems = policy_for(Listing({"README.md"}, {}))
    assert "NO TEST COMMAND WAS FOUND" in text
    assert isinstance(problems, list)
    assert [problem.path for problem in problems] == [
        f"task_types.{name}.gate" for name in ("spec", "impl", "test", "review")
    ]


def test_the_backlogs_hold_no_item_yet() -> None:
    for text in (adoption.BACKLOG_TEXT, adoption.META_BACKLOG_TEXT):
        assert not any(line.lstrip().startswith(("- ", "* ", "1.")) for line in text.splitlines())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "pipeline.mk", adoption.make_text({"status"}))
    write(tmp_path, "Makefile", "include pipeline.mk\nall: ; @echo all $$TYPE\nstatus: ; @echo mine\n")
    write(tmp_path, "nr", PROGRAM).chmod(0o755)
    return tmp_path


def make(folder: Path, *args: str) -> str:
    done = subprocess.run(["make", *args], cwd=folder, capture_output=True, text=True, env={"PATH": os.environ["PATH"]})
    assert not done.stderr
    return done.stdout


def test_a_make_target_calls_the_command_of_the_same_name(folder: Path) -> None:
    assert make(folder, "autonomous", "NIGHTRUN=./nr") == "called: autonomous\n"


def test_free_text_reaches_the_program_unchanged(folder: Path) -> None:
    said = make(folder, "task", "NIGHTRUN=./nr", "TYPE=impl", f"DIRECTION={NASTY}")
    assert said == f"called: task\nimpl\n{NASTY}\n"
    assert not list(folder.glob("pwned*"))


def test_the_include_changes_nothing_for_the_targets_of_the_project(folder: Path) -> None:
    assert make(folder, "TYPE=x") == "all x\n"
    assert make(folder, "status") == "mine\n"


def test_targets_that_the_project_has_are_left_to_it() -> None:
    text = adoption.make_text({"status", "stop"})
    assert "\nstatus:" not in text
    assert "Your makefile has status, stop already" in text


def test_the_file_works_alone(folder: Path) -> None:
    assert make(folder, "-f", "pipeline.mk", "doctor", "NIGHTRUN=./nr") == "called: doctor\n"


@pytest.mark.parametrize(
    ("makefile", "called"),
    [
        ("", "make -f pipeline.mk"),
        ("test:\n\tpytest\n# include it: pipeline.mk\n", "make -f pipeline.mk"),
        ("test:\n\tpytest\n\ninclude pipeline.mk\n", None),
        ("-include local.mk pipeline.mk\n", None),
    ],
)
def test_how_make_is_called_before_and_after_the_include(makefile: str, called: str | None) -> None:
    assert adoption.make_of(makefile) == called
