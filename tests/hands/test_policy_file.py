from __future__ import annotations

import os
from pathlib import Path

import pytest

from nightrun.hands import policy_file
from nightrun.words.errors import BadPolicy
from tests.story import write

GOOD = "task_types: {spec: {gate: []}, impl: {gate: []}, test: {gate: []}, review: {gate: []}}\n"


def test_the_file_in_the_project_root_is_read(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", GOOD + "limits: {attempts: 7}\n")
    assert policy_file.load(tmp_path).limits.attempts == 7


def test_a_missing_file_is_said_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(BadPolicy) as error:
        policy_file.load(tmp_path)
    assert error.value.message == f"There is no pipeline.yaml in {tmp_path}."
    assert error.value.hint == "Make one that fits the project: nightrun adopt"
    assert error.value.exit_code == 78


def test_a_file_of_nearly_that_name_is_pointed_out(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yml", GOOD)
    with pytest.raises(BadPolicy) as error:
        policy_file.find(tmp_path)
    assert error.value.hint == "Rename it: mv pipeline.yml pipeline.yaml"


def test_every_problem_of_a_bad_file_is_in_the_error(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", GOOD + "limits: {atempts: 7}\nx: 1\n")
    with pytest.raises(BadPolicy) as error:
        policy_file.load(tmp_path)
    assert error.value.message == "pipeline.yaml has 2 problems."
    assert error.value.problems[0] == "pipeline.yaml:2: limits.atempts: unknown key; did you mean attempts?"
    assert error.value.problems[1].startswith("pipeline.yaml:3: x: unknown key")


def test_a_named_pipe_is_refused_and_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipeline.yaml")
    with pytest.raises(BadPolicy, match="not an ordinary file"):
        policy_file.load(tmp_path)


def test_a_folder_of_that_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").mkdir()
    with pytest.raises(BadPolicy):
        policy_file.load(tmp_path)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_bytes(b"version: 1 # \xff\n")
    with pytest.raises(BadPolicy, match="not UTF-8"):
        policy_file.load(tmp_path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    (tmp_path / "pipeline.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert policy_file.load(tmp_path)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", GOOD + "# " + "x" * (300 << 10))
    with pytest.raises(BadPolicy) as error:
        policy_file.load(tmp_path)
    assert "256 KiB is not read" in error.value.problems[0]


def test_a_keeper_reads_a_changed_file_again(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", GOOD)
    keeper = policy_file.Keeper(tmp_path)
    write(tmp_path, "pipeline.yaml", GOOD + "limits: {attempts: 9}\n")
    assert keeper.current().limits.attempts == 9
    assert keeper.problem is None


def test_a_keeper_does_not_read_an_unchanged_file_again(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", GOOD)
    keeper = policy_file.Keeper(tmp_path)
    assert keeper.current() is keeper.current()


def test_a_keeper_keeps_the_last_good_policy_and_says_what_is_wrong(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", GOOD + "limits: {attempts: 9}\n")
    keeper = policy_file.Keeper(tmp_path)
    write(tmp_path, "pipeline.yaml", GOOD + "limits: {atempts: 9}\n")
    assert keeper.current().limits.attempts == 9
    assert keeper.problem == "pipeline.yaml:2: limits.atempts: unknown key; did you mean attempts?"


def test_a_keeper_survives_a_deleted_file(tmp_path: Path) -> None:
    path = write(tmp_path, "pipeline.yaml", GOOD)
    keeper = policy_file.Keeper(tmp_path)
    path.unlink()
    assert keeper.current()
    assert keeper.problem == f"There is no pipeline.yaml in {tmp_path}."


def test_a_keeper_forgets_the_problem_when_the_file_is_good_again(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", GOOD)
    keeper = policy_file.Keeper(tmp_path)
    write(tmp_path, "pipeline.yaml", "x: 1\n")
    keeper.current()
    write(tmp_path, "pipeline.yaml", GOOD + "limits: {rounds: 1}\n")
    assert keeper.current().limits.rounds == 1
    assert keeper.problem is None


def test_a_keeper_needs_a_good_policy_to_start_with(tmp_path: Path) -> None:
    write(tmp_path, "pipeline.yaml", "x: 1\n")
    with pytest.raises(BadPolicy):
        policy_file.Keeper(tmp_path)
