from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from nightrun.cli import main
from nightrun.hands.state_dir import StateDir
from tests.commands.night import Night


@pytest.fixture
def night(tmp_path: Path) -> Iterator[Night]:
    made = Night(tmp_path / "project")
    yield made
    made.close()


@pytest.fixture
def logs(repo: Path) -> Path:
    """The logs of two tasks; nothing runs."""
    folder = StateDir(repo).create().task_logs
    (folder / "20250101a.1.log").write_bytes(b"first\n")
    (folder / "20250101a.2.log").write_bytes(b"\x1b[31msecond\x1b[0m\nend\n")
    (folder / "20250102b.10.log").write_bytes(b"tenth\n")
    (folder / "20250102b.9.log").write_bytes(b"ninth\n")
    return repo


def run(repo: Path, *args: str) -> Result:
    return CliRunner().invoke(main, ["logs", "--repo", str(repo), *args])


def test_last_attempt_is_printed_without_colours_into_a_file(logs: Path) -> None:
    assert run(logs, "20250101a").stdout == "second\nend\n"
    assert run(logs, "20250102b").stdout == "tenth\n"


def test_earlier_attempt_is_printed_on_demand(logs: Path) -> None:
    assert run(logs, "20250101a", "--attempt", "1").stdout == "first\n"
    shown = run(logs, "20250101a", "--attempt", "7")
    assert shown.exit_code == 1
    assert shown.stderr == ("nightrun: Task 20250101a has no log of attempt 7.\nThere are logs of attempt 1, 2.\n")


def test_an_attempt_that_printed_nothing_is_told_and_those_that_did_are_named(logs: Path) -> None:
    (StateDir(logs).task_log("20250101a", 3)).write_bytes(b"")
    shown = run(logs, "20250101a")
    assert (shown.exit_code, shown.stdout) == (0, "")
    said = "nightrun: Attempt 3 of task 20250101a printed nothing. There are logs of attempt 1, 2: --attempt N.\n"
    assert shown.stderr == said


def test_path_is_printed_on_demand(logs: Path) -> None:
    assert run(logs, "20250101a", "--path").stdout == f"{StateDir(logs).task_log('20250101a', 2)}\n"


@pytest.mark.parametrize("wrong", ["20250101", "20250101b", "2025010la"])
def test_unknown_task_suggests_one(wrong: str, logs: Path) -> None:
    shown = run(logs, wrong)
    assert shown.exit_code == 1
    assert shown.stderr.startswith(f"nightrun: There is no log of a task {wrong!r}.\nDid you mean ")
    assert "20250101a" in shown.stderr


@pytest.mark.parametrize("wrong", ["../../token", "*", "%2e", "/etc/passwd"])
def test_id_that_is_a_path_finds_nothing(wrong: str, logs: Path) -> None:
    (logs / ".pipeline/token").write_text("secret")
    shown = run(logs, wrong)
    assert shown.exit_code == 1
    assert "secret" not in shown.output


def test_task_that_has_not_started_is_told_from_an_unknown_one(night: Night) -> None:
    shown = night.run("logs", night.add().id)
    assert shown.exit_code == 75
    assert "is pending and has no log yet" in shown.stderr


def test_follow_ends_with_the_attempt_and_shows_all_of_it(night: Night) -> None:
    night.add()
    task = night.claim()
    path = night.log(task, b"one\n")
    with path.open("ab") as file:
        file.write(b"two\nthree without an end")
    night.client.patch(task.id, fencing_token=task.fencing_token, status="completed")
    assert night.run("logs", task.id, "--follow").stdout == "one\ntwo\nthree without an end"
